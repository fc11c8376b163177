import { Logger } from '@nestjs/common';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { liveSubject, MusterError, type ResyncReason, type StreamName } from '#libs/contracts';
import type { BrokerConnection } from '#libs/jetstream';
import { encodeCursor } from './cursor.js';
import { toFrame, toLiveMessage, type ArrivedMessage } from './frame.js';
import { healFeed } from './group.healing.js';
import type { Frame, LiveGroup, Positions } from './live.group.js';
import { heals, refusedFrames } from './live.metrics.js';
import { Progress, type StreamHead } from './progress.js';
import type { StreamReader } from './stream.reader.js';

/** Someone who takes a group's frames. */
export interface Watcher {
  take(frame: Frame): void;
  /** The group went on from a new place: what lies between is lost to this watcher. */
  reset(reason: ResyncReason): void;
}

export interface FeedParts {
  readonly broker: BrokerConnection;
  readonly streams: StreamReader;
  readonly replayLimit: number;
  readonly bufferFrames: number;
}

/** How soon after a repeat the streams are asked whether they are still the ones they were. */
const VERIFY_AFTER_MS = 2_000;
const FLUSH_TIMEOUT_MS = 5_000;

/**
 * One watched group on this gateway: plain interest in what its streams re-emit, where it stands in each of them, and
 * who takes its frames. Each message reaches the watchers once; what a lost connection missed is replayed.
 */
export class GroupFeed {
  readonly streamNames: readonly StreamName[];
  private readonly logger = new Logger('Live');
  private readonly interest: Subscription[] = [];
  private readonly watchers = new Set<Watcher>();
  private progress: Progress[] = [];
  /** What arrives while the feed opens or heals; undefined while it is live. */
  private held: ArrivedMessage[] | undefined = [];
  private healing: Promise<void> | undefined;
  private healAgain = false;
  private readonly closing = new AbortController();
  private settledAtMs = 0;
  private verifying: NodeJS.Timeout | undefined;
  private stopListening = (): void => undefined;

  constructor(
    readonly group: LiveGroup,
    private readonly parts: FeedParts,
  ) {
    this.streamNames = group.sources.map(({ stream }) => stream);
  }

  /** Subscribes, then reads where the streams stand: whatever is stored later arrives by the subscription. */
  async open(): Promise<void> {
    const { broker, streams } = this.parts;
    this.stopListening = broker.onReconnect(() => void this.heal());
    for (const [source, { filter }] of this.group.sources.entries()) {
      this.interest.push(
        broker.nc.subscribe(liveSubject(filter), { callback: (error, message) => this.arrive(error, message, source) }),
      );
    }
    await within(FLUSH_TIMEOUT_MS, broker.nc.flush());
    const heads = await Promise.all(this.streamNames.map((stream) => streams.head(stream)));
    this.progress = heads.map((head) => new Progress(head));
    this.release();
    if (this.healAgain) void this.heal();
  }

  close(): void {
    this.closing.abort();
    clearTimeout(this.verifying);
    this.stopListening();
    this.watchers.clear();
    this.held = undefined;
    if (!this.parts.broker.nc.isClosed()) for (const subscription of this.interest) subscription.unsubscribe();
  }

  /** Where the group stands: every matching message up to here was handed to the watchers. */
  get positions(): Positions {
    return this.progress.map(({ position }) => position);
  }

  get cursor(): string {
    return encodeCursor(this.streamNames, this.positions);
  }

  get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  /** When the positions were last brought up to the ends of the streams, milliseconds since 1970. */
  get upToDateAtMs(): number {
    return this.settledAtMs;
  }

  attach(watcher: Watcher): void {
    this.watchers.add(watcher);
  }

  detach(watcher: Watcher): void {
    this.watchers.delete(watcher);
  }

  /** Replays whatever may have been missed up to the ends of the streams; waits for the broker as long as it takes. */
  heal(): Promise<void> {
    this.healAgain = true;
    if (this.progress.length === 0 || this.isClosed) return Promise.resolve();
    this.held ??= [];
    this.healing ??= this.keepHealing();
    return this.healing;
  }

  private async keepHealing(): Promise<void> {
    while (this.healAgain && !this.isClosed) {
      await this.healOnce();
      // What was held may show another gap.
      if (!this.healAgain) this.release();
    }
    this.healing = undefined;
  }

  private async healOnce(): Promise<void> {
    this.healAgain = false;
    heals.inc();
    const healed = await healFeed({
      ...this.parts,
      group: this.group,
      progress: this.progress,
      signal: this.closing.signal,
      take: (message) => this.accept(message),
      restart: (reason, heads) => this.restart(reason, heads),
    });
    if (!healed) this.healAgain = true;
  }

  private arrive(error: Error | null, message: Msg, source: number): void {
    if (error) {
      this.logger.error({ event: 'live_interest_refused', group: this.group.name, error });
      return;
    }
    const arrived = toLiveMessage(message, source);
    if (!arrived) {
      refusedFrames.inc();
      return;
    }
    this.admit(arrived);
  }

  private hold(arrived: ArrivedMessage): void {
    const held = this.held ?? [];
    if (held.length < this.parts.bufferFrames) {
      held.push(arrived);
      return;
    }
    // They are in the streams: another round reads them from there.
    held.length = 0;
    this.healAgain = true;
  }

  private consider(arrived: ArrivedMessage): void {
    const progress = this.progress[arrived.source];
    if (!progress) return;
    switch (progress.judge(arrived.subject, arrived.sequence, arrived.previous)) {
      case 'new':
        this.dispatch(arrived, progress);
        return;
      case 'gap':
        progress.suspectFrom(arrived.subject);
        void this.heal();
        this.hold(arrived);
        return;
      case 'seen':
        this.verifying ??= setTimeout(() => void this.verify(), VERIFY_AFTER_MS).unref();
    }
  }

  /** Repeats are normal around a replay. They are also all that shows of a stream that was made anew. */
  private async verify(): Promise<void> {
    try {
      const heads = await Promise.all(this.streamNames.map((stream) => this.parts.streams.head(stream)));
      const isOther = heads.some(({ epochMs }, source) => epochMs !== this.progress[source]?.epochMs);
      if (isOther) await this.heal();
    } catch (error) {
      this.logger.debug({ event: 'live_not_verified', group: this.group.name, error });
    } finally {
      this.verifying = undefined;
    }
  }

  /** Takes a message of a replay, unless it was seen. */
  private accept(arrived: ArrivedMessage): void {
    const progress = this.progress[arrived.source];
    if (progress?.judge(arrived.subject, arrived.sequence, 0) === 'new') this.dispatch(arrived, progress);
  }

  private dispatch(arrived: ArrivedMessage, progress: Progress): void {
    progress.advance(arrived.subject, arrived.sequence);
    const frame = toFrame(this.group, arrived, () => this.cursor);
    if (frame) for (const watcher of this.watchers) watcher.take(frame);
    else refusedFrames.inc();
  }

  private restart(reason: ResyncReason, heads: readonly StreamHead[]): void {
    this.logger.warn({ event: 'live_restarted', group: this.group.name, reason });
    this.settle(heads);
    for (const watcher of this.watchers) watcher.reset(reason);
  }

  private settle(heads: readonly StreamHead[]): void {
    for (const [source, head] of heads.entries()) this.progress[source]?.settle(head);
  }

  private release(): void {
    this.settledAtMs = Date.now();
    const held = this.held ?? [];
    this.held = undefined;
    // A gap among them makes the feed hold again.
    for (const arrived of held) this.admit(arrived);
  }

  private admit(arrived: ArrivedMessage): void {
    if (this.held) this.hold(arrived);
    else this.consider(arrived);
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new MusterError('SERVICE_UNAVAILABLE', 'The broker does not answer; try again shortly.')),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
