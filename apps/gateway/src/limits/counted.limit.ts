import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Allowance, countOne } from './allowance.js';
import type { WindowCounter } from './window.counter.js';

const MS_PER_SECOND = 1_000;
const REMEMBERED = 100_000;

export interface CountedLimitOptions {
  readonly keyPrefix: string;
  /** How many in a window. */
  readonly points: number;
  readonly windowS: number;
}

/**
 * So many requests in a window of one caller, over all replicas. Once a caller has had all of them, a replica refuses without
 * asking Postgres until the window ends; while Postgres is away each replica counts for itself.
 */
export class CountedLimit {
  /** Key of a caller that has nothing left → end of its window. */
  private readonly spent = new LRUCache<string, number>({ max: REMEMBERED });
  private readonly own: RateLimiterMemory;

  constructor(
    private readonly counter: WindowCounter,
    private readonly options: CountedLimitOptions,
  ) {
    const { points, windowS } = options;
    this.own = new RateLimiterMemory({ points, duration: windowS });
  }

  /** Counts one request of `caller`. */
  async count(caller: string): Promise<Allowance> {
    const { keyPrefix, points, windowS } = this.options;
    const key = `${keyPrefix}:${caller}`;
    const spentUntilMs = this.spent.get(key) ?? 0;
    if (spentUntilMs > Date.now()) return this.allowance(points + 1, spentUntilMs);
    const counted = await this.counter.add({ key, windowMs: windowS * MS_PER_SECOND }).catch(() => undefined);
    if (!counted) return countOne(this.own, caller);
    if (counted.consumed >= points) this.spent.set(key, counted.endsAtMs);
    return this.allowance(counted.consumed, counted.endsAtMs);
  }

  private allowance(consumed: number, endsAtMs: number): Allowance {
    const { points: limit } = this.options;
    const resetMs = Math.max(endsAtMs - Date.now(), 0);
    return { isExceeded: consumed > limit, limit, remaining: Math.max(limit - consumed, 0), resetMs };
  }
}
