import type { StoredMessage, Stretch, StretchReader, StreamReader } from './stream.reader.js';

/** A message of a replay and the index of the source it came from. */
export interface ReplayedMessage extends StoredMessage {
  readonly source: number;
}

/** Stretches of several streams as one sequence: exact order within a stream, broker time between them. */
export class Replay {
  private constructor(private readonly readers: readonly (StretchReader | undefined)[]) {}

  /** Opens what is not empty. The stretches stand in the order of the group's sources. */
  static async open(streams: StreamReader, stretches: readonly Stretch[]): Promise<Replay> {
    const opened = await Promise.allSettled(
      stretches.map(async (stretch) => (stretch.after < stretch.upTo ? streams.open(stretch) : undefined)),
    );
    const replay = new Replay(opened.map((result) => (result.status === 'fulfilled' ? result.value : undefined)));
    const failed = opened.find((result) => result.status === 'rejected');
    if (!failed) return replay;
    await replay.close();
    throw failed.reason;
  }

  /** At most how many messages there are. */
  get count(): number {
    return this.readers.reduce((sum, reader) => sum + (reader?.count ?? 0), 0);
  }

  async *messages(): AsyncGenerator<ReplayedMessage> {
    const iterators = this.readers.map((reader) => reader?.messages());
    const heads = await Promise.all(iterators.map((iterator, source) => nextOf(iterator, source)));
    for (let oldest = oldestOf(heads); oldest; oldest = oldestOf(heads)) {
      yield oldest;
      heads[oldest.source] = await nextOf(iterators[oldest.source], oldest.source);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.readers.map(async (reader) => reader?.close()));
  }
}

async function nextOf(
  iterator: AsyncGenerator<StoredMessage> | undefined,
  source: number,
): Promise<ReplayedMessage | undefined> {
  const next = await iterator?.next();
  return next === undefined || next.done === true ? undefined : { ...next.value, source };
}

/** At one instant the earlier source wins, so that a replay always has the same order. */
export function oldestOf<T extends { readonly storedAtUs: number }>(heads: readonly (T | undefined)[]): T | undefined {
  return heads.reduce<T | undefined>(
    (oldest, head) => (head && (!oldest || head.storedAtUs < oldest.storedAtUs) ? head : oldest),
    undefined,
  );
}
