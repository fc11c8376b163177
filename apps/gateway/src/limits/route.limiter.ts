import { Injectable } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import { RATE_LIMITS } from '#libs/contracts';
import { scopeOfCaller } from '../idempotency/keyed.request.js';
import type { Allowance } from './allowance.js';
import { CountedLimit } from './counted.limit.js';
import { LimitSettings, ROUTE_LIMITS, type RouteLimitName } from './limit.settings.js';
import { WindowCounter } from './window.counter.js';

/** Requests of a caller to a group of routes, over all replicas; a group is one bucket (orchestrators.txt 8.4). */
@Injectable()
export class RouteLimiter {
  private readonly limits: ReadonlyMap<string, CountedLimit>;

  constructor(counter: WindowCounter, settings: LimitSettings) {
    const limitOf = (name: RouteLimitName): CountedLimit =>
      new CountedLimit(counter, {
        keyPrefix: `route-${name}`,
        points: settings[name],
        windowS: RATE_LIMITS[name].windowS,
      });
    this.limits = new Map(ROUTE_LIMITS.map((name) => [name, limitOf(name)]));
  }

  /** Counts one request; undefined for a limit that is kept elsewhere. */
  async count(limit: string, caller: Principal): Promise<Allowance | undefined> {
    return this.limits.get(limit)?.count(scopeOfCaller(caller));
  }
}
