import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ResyncReason } from '#libs/contracts';
import type { ArrivedMessage } from './frame.js';
import type { LiveGroup } from './live.group.js';
import type { Progress, StreamHead } from './progress.js';
import { Replay } from './replay.js';
import type { StreamReader } from './stream.reader.js';

/** A feed as its healing sees it. */
export interface Healable {
  readonly group: LiveGroup;
  readonly progress: readonly Progress[];
  readonly streams: StreamReader;
  readonly replayLimit: number;
  readonly signal: AbortSignal;
  take(message: ArrivedMessage): void;
  /** Gives up on the gap and goes on from the heads. */
  restart(reason: ResyncReason, heads: readonly StreamHead[]): void;
}

const RETRY_DELAY_MS = 250;

const logger = new Logger('Live');

/** Brings a feed up to the ends of its streams; false when the broker could not be asked, after a short wait. */
export async function healFeed(feed: Healable): Promise<boolean> {
  try {
    await healOnce(feed);
    return true;
  } catch (error) {
    if (feed.signal.aborted) return false;
    logger.debug({ event: 'live_heal_failed', group: feed.group.name, error });
    await delay(RETRY_DELAY_MS, undefined, { ref: false, signal: feed.signal }).catch(() => undefined);
    return false;
  }
}

async function healOnce(feed: Healable): Promise<void> {
  const heads = await Promise.all(feed.group.sources.map(({ stream }) => feed.streams.head(stream)));
  const obstacle = obstacleOf(feed.progress, heads);
  if (obstacle) return feed.restart(obstacle, heads);
  const replay = await Replay.open(feed.streams, stretchesOf(feed, heads));
  try {
    if (replay.count > feed.replayLimit) return feed.restart('gap_too_large', heads);
    for await (const message of replay.messages()) {
      if (feed.signal.aborted) return;
      feed.take({ ...message, previous: 0 });
    }
  } finally {
    await replay.close();
  }
  for (const [source, head] of heads.entries()) feed.progress[source]?.settle(head);
}

/** Why the gap cannot be replayed: the stream is another one, or has dropped a part of it. */
function obstacleOf(progress: readonly Progress[], heads: readonly StreamHead[]): ResyncReason | undefined {
  const pairs = heads.flatMap((head, source) => {
    const own = progress[source];
    return own ? [{ head, own }] : [];
  });
  if (pairs.some(({ head, own }) => own.isOtherThan(head))) return 'cursor_foreign';
  const tooOld = pairs.some(({ head, own }) => own.safeSequence < head.firstSequence - 1);
  return tooOld ? 'cursor_too_old' : undefined;
}

function stretchesOf({ group, progress }: Healable, heads: readonly StreamHead[]) {
  return group.sources.map(({ stream, filter }, source) => ({
    stream,
    filter,
    after: progress[source]?.safeSequence ?? 0,
    upTo: heads[source]?.lastSequence ?? 0,
    newestOnly: false,
  }));
}
