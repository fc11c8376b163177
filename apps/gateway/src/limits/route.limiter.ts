import { Injectable } from '@nestjs/common';
import type { RateLimiterPostgres } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import type { Principal } from '#libs/auth';
import { RATE_LIMITS } from '#libs/contracts';
import { sharedLimiter } from '../auth/shared.limiter.js';
import { scopeOfCaller } from '../idempotency/keyed.request.js';
import { countOne, type Allowance } from './allowance.js';
import { LimitSettings, ROUTE_LIMITS, type RouteLimitName } from './limit.settings.js';

/** Requests of a caller to a group of routes, over all replicas; a group is one bucket (orchestrators.txt 8.4). */
@Injectable()
export class RouteLimiter {
  private readonly limiters: ReadonlyMap<string, RateLimiterPostgres>;

  constructor(dataSource: DataSource, settings: LimitSettings) {
    const limiterOf = (name: RouteLimitName): RateLimiterPostgres =>
      sharedLimiter(dataSource, {
        keyPrefix: `route-${name}`,
        points: settings[name],
        windowS: RATE_LIMITS[name].windowS,
        remembersExcess: true,
      });
    this.limiters = new Map(ROUTE_LIMITS.map((name) => [name, limiterOf(name)]));
  }

  /** Counts one request; undefined for a limit that is kept elsewhere. */
  async count(limit: string, caller: Principal): Promise<Allowance | undefined> {
    const limiter = this.limiters.get(limit);
    return limiter && countOne(limiter, scopeOfCaller(caller));
  }
}
