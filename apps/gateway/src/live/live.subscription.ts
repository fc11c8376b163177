import { Logger } from '@nestjs/common';
import { MusterError, type ResyncReason } from '#libs/contracts';
import { decodeCursor, encodeCursor } from './cursor.js';
import { FrameBuffer } from './frame.buffer.js';
import { toFrame } from './frame.js';
import type { Gate } from './gate.js';
import type { GroupFeed, Watcher } from './group.feed.js';
import type { Frame, Positions } from './live.group.js';
import { replayedMessages, resyncs } from './live.metrics.js';
import { isBehind, isOfOtherStreams, positionsBelow } from './positions.js';
import { Replay } from './replay.js';
import type { StreamReader, Stretch } from './stream.reader.js';

/** The cursor cannot be continued: read the snapshot and go on from `eventId`. */
export interface ResyncNotice {
  readonly group: string;
  readonly reason: ResyncReason;
  readonly eventId: string;
  readonly snapshot: unknown;
}

/** Who receives a group, in whatever protocol. */
export interface Listener {
  /** Takes the next frame; never waits. */
  deliver(frame: Frame): void;
  /** Comes before any frame after `notice.eventId`. */
  resync(notice: ResyncNotice): void;
  /** What a client that lost its place needs to begin anew; null when it cannot be had now. */
  snapshot(): Promise<unknown>;
  /** Resolves when a replay may send more. */
  ready?(): Promise<void>;
}

export type ReplayMode = 'all' | 'latest';

export interface SubscriptionParts {
  readonly feed: GroupFeed;
  readonly listener: Listener;
  readonly streams: StreamReader;
  readonly gate: Gate;
  readonly replayLimit: number;
  readonly bufferFrames: number;
  readonly onClose: () => void;
}

const REPLAY_ATTEMPTS = 3;
const CATCH_UP_MS = 5_000;

/**
 * One listener of one group. What happens while it replays waits in its buffer, so that each matching message reaches it
 * once: first the gap, then the buffer, then what comes.
 */
export class LiveSubscription implements Watcher {
  private readonly logger = new Logger('Live');
  private readonly buffer: FrameBuffer;
  private state: 'replaying' | 'live' | 'closed' = 'replaying';
  /** A reset that came while a replay or a snapshot was under way. */
  private interruption: ResyncReason | undefined;
  private delivered: string | undefined;

  constructor(private readonly parts: SubscriptionParts) {
    this.buffer = new FrameBuffer(parts.bufferFrames);
  }

  get isLive(): boolean {
    return this.state === 'live';
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Up to where this listener was served. */
  get eventId(): string {
    return this.isLive ? this.parts.feed.cursor : (this.delivered ?? this.parts.feed.cursor);
  }

  /** Like `eventId`, but below the given first sequences of sources whose newest frames were held back. */
  cursorBelow(firstSequences: ReadonlyMap<number, number>): string {
    if (!this.isLive || firstSequences.size === 0) return this.eventId;
    const { feed } = this.parts;
    return encodeCursor(feed.streamNames, positionsBelow(feed.positions, firstSequences));
  }

  /** Begins: at once, or after the replay of what came since `lastEventId`. */
  async begin(lastEventId: string | undefined, mode: ReplayMode): Promise<void> {
    if (lastEventId === undefined) {
      this.parts.feed.attach(this);
      this.goLive();
      return;
    }
    const obstacle = await this.replay(lastEventId, mode);
    if (obstacle) await this.resync(obstacle);
    else this.goLive();
  }

  take(frame: Frame): void {
    if (this.state === 'live') this.parts.listener.deliver(frame);
    else this.buffer.push(frame);
  }

  reset(reason: ResyncReason): void {
    this.interruption = reason;
    if (this.state !== 'live') return;
    this.state = 'replaying';
    this.resync(reason).catch((error: unknown) => this.logger.error({ event: 'live_resync_failed', error }));
  }

  close(): void {
    if (this.isClosed) return;
    this.state = 'closed';
    this.parts.feed.detach(this);
    this.buffer.clear();
    this.parts.onClose();
  }

  private async replay(lastEventId: string, mode: ReplayMode): Promise<ResyncReason | undefined> {
    const { feed } = this.parts;
    const cursor = decodeCursor(feed.streamNames, lastEventId);
    const obstacle = cursor ? await this.placeOf(cursor) : 'cursor_unreadable';
    if (this.isClosed) return undefined;
    feed.attach(this);
    if (!cursor || obstacle) return obstacle;
    this.delivered = lastEventId;
    const upTo = feed.positions;
    return this.parts.gate.run(() => this.replayStretch(cursor, upTo, mode));
  }

  /** Another gateway may have been ahead of this one, or know a newer stream; then this one catches up first. */
  private async placeOf(cursor: Positions): Promise<ResyncReason | undefined> {
    const { feed } = this.parts;
    const isUnknown = (): boolean => isOfOtherStreams(cursor, feed.positions) || isBehind(feed.positions, cursor);
    if (isUnknown()) await atMost(CATCH_UP_MS, feed.heal());
    return isUnknown() ? 'cursor_foreign' : undefined;
  }

  private async replayStretch(cursor: Positions, upTo: Positions, mode: ReplayMode): Promise<ResyncReason | undefined> {
    const reached = [...cursor];
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.replayOnce(reached, upTo, mode);
      } catch (error) {
        if (this.isClosed) return undefined;
        if (attempt === REPLAY_ATTEMPTS) throw asUnavailable(error);
        this.logger.debug({ event: 'live_replay_repeated', group: this.parts.feed.group.name, attempt, error });
      }
    }
  }

  /** Replays from `reached` and moves it along. */
  private async replayOnce(reached: Position[], upTo: Positions, mode: ReplayMode): Promise<ResyncReason | undefined> {
    const replay = await Replay.open(this.parts.streams, this.stretches(reached, upTo, mode));
    try {
      if (replay.count > this.parts.replayLimit) return 'gap_too_large';
      if (await this.isTooOld(reached, upTo)) return 'cursor_too_old';
      return await this.send(replay, reached);
    } finally {
      await replay.close();
    }
  }

  private async send(replay: Replay, reached: Position[]): Promise<ResyncReason | undefined> {
    const { feed, listener } = this.parts;
    for await (const message of replay.messages()) {
      if (this.isClosed || this.interruption) return this.interruption;
      const place = reached[message.source];
      if (place) reached[message.source] = { ...place, sequence: message.sequence };
      const frame = toFrame(feed.group, { ...message, previous: 0 }, () => encodeCursor(feed.streamNames, reached));
      replayedMessages.inc();
      if (frame) {
        listener.deliver(frame);
        this.delivered = frame.eventId;
      }
      // After every frame: a few large ones fill a client's buffer.
      await listener.ready?.();
    }
    return this.interruptionOrOverflow();
  }

  private stretches(after: Positions, upTo: Positions, mode: ReplayMode): Stretch[] {
    return this.parts.feed.group.sources.map(({ stream, filter, collapsible }, source) => ({
      stream,
      filter,
      after: after[source]?.sequence ?? 0,
      upTo: upTo[source]?.sequence ?? 0,
      newestOnly: mode === 'latest' && collapsible,
    }));
  }

  private async isTooOld(after: Positions, upTo: Positions): Promise<boolean> {
    const { feed, streams } = this.parts;
    const behind = feed.streamNames.flatMap((stream, source) => {
      const from = after[source]?.sequence ?? 0;
      return from < (upTo[source]?.sequence ?? 0) ? [{ stream, from }] : [];
    });
    const heads = await Promise.all(behind.map(({ stream }) => streams.head(stream)));
    return behind.some(({ from }, index) => from < (heads[index]?.firstSequence ?? 0) - 1);
  }

  /** Begins anew at the group's present place: the snapshot first, then what came after that place. */
  private async resync(first: ResyncReason): Promise<void> {
    const { feed, listener } = this.parts;
    let reason: ResyncReason | undefined = first;
    while (reason && !this.isClosed) {
      this.interruption = undefined;
      this.buffer.clear();
      const eventId = feed.cursor;
      const snapshot = await listener.snapshot();
      const again = this.interruptionOrOverflow();
      if (again === undefined && !this.isClosed) {
        resyncs.inc({ reason });
        this.delivered = eventId;
        listener.resync({ group: feed.group.name, reason, eventId, snapshot });
      }
      reason = again;
    }
    this.goLive();
  }

  private interruptionOrOverflow(): ResyncReason | undefined {
    return this.interruption ?? (this.buffer.hasOverflowed ? 'gap_too_large' : undefined);
  }

  private goLive(): void {
    if (this.isClosed) return;
    this.state = 'live';
    for (const frame of this.buffer.drain()) this.parts.listener.deliver(frame);
  }
}

type Position = Positions[number];

function asUnavailable(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  return new MusterError('SERVICE_UNAVAILABLE', 'The replay could not be read from the broker.', {}, { cause: error });
}

async function atMost(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
