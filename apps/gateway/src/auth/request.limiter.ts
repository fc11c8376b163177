import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import type { Principal } from '#libs/auth';
import { countOne, type Allowance } from '../limits/allowance.js';
import { LimitSettings } from '../limits/limit.settings.js';
import { AuthSettings } from './auth.settings.js';
import { sharedLimiter } from './shared.limiter.js';

const WINDOW_S = 60;

/**
 * Requests a minute: of an API key and of a device over all replicas, of a person on each. The minute begins with its first
 * request. What routes limit beyond it is counted after the policy.
 */
@Injectable()
export class RequestLimiter {
  private readonly limiters: Readonly<Record<Principal['kind'], RateLimiterAbstract>>;

  constructor(dataSource: DataSource, settings: AuthSettings, devices: LimitSettings) {
    const shared = (keyPrefix: string, points: number): RateLimiterAbstract =>
      sharedLimiter(dataSource, { keyPrefix, points, windowS: WINDOW_S, remembersExcess: true });
    const people = new RateLimiterMemory({ points: settings.userRequestsPerMinute, duration: WINDOW_S });
    this.limiters = {
      apiKey: shared('requests', settings.apiKeyRequestsPerMinute),
      machine: shared('requests', devices.machineRequestsPerMinute),
      user: people,
      foreign: people,
    };
  }

  /** Counts one request. */
  count({ kind, id, scope }: Pick<Principal, 'kind' | 'id' | 'scope'>): Promise<Allowance> {
    const caller = scope ? `${kind}:${JSON.stringify([scope.role, scope.entityId, id])}` : `${kind}:${id}`;
    return countOne(this.limiters[kind], caller);
  }
}
