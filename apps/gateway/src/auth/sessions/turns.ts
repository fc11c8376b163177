import { MusterError } from '#libs/contracts';

const MAX_WAITING_PER_KEY = 100;

/** Runs work of the same key one after the other, work of different keys side by side. */
export class Turns {
  /** Key → how many wait or run, and the end of the last. */
  private readonly lines = new Map<string, { length: number; last: Promise<unknown> }>();

  /** @throws MusterError `OVERLOADED` when too many wait for the key. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(key) ?? { length: 0, last: Promise.resolve() };
    if (line.length >= MAX_WAITING_PER_KEY) {
      throw new MusterError('OVERLOADED', 'Too many requests at once for the same user.', { retryAfterSeconds: 1 });
    }
    this.lines.set(key, line);
    line.length += 1;
    const turn = line.last.then(work);
    line.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      line.length -= 1;
      if (line.length === 0) this.lines.delete(key);
    }
  }
}
