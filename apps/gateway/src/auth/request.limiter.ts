import { Injectable } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Principal } from '#libs/auth';
import { countOne, type Allowance } from '../limits/allowance.js';
import { CountedLimit } from '../limits/counted.limit.js';
import { LimitSettings } from '../limits/limit.settings.js';
import { WindowCounter } from '../limits/window.counter.js';
import { AuthSettings } from './auth.settings.js';

const WINDOW_S = 60;

/**
 * Requests a minute: of an API key and of a device over all replicas, of a person on each. The minute begins with its first
 * request. What routes limit beyond it is counted after the policy.
 */
@Injectable()
export class RequestLimiter {
  private readonly limits: Readonly<Record<Principal['kind'], Pick<CountedLimit, 'count'>>>;

  constructor(counter: WindowCounter, settings: AuthSettings, devices: LimitSettings) {
    const shared = (points: number): CountedLimit =>
      new CountedLimit(counter, { keyPrefix: 'requests', points, windowS: WINDOW_S });
    const memory = new RateLimiterMemory({ points: settings.userRequestsPerMinute, duration: WINDOW_S });
    const people = { count: (caller: string) => countOne(memory, caller) };
    this.limits = {
      apiKey: shared(settings.apiKeyRequestsPerMinute),
      machine: shared(devices.machineRequestsPerMinute),
      user: people,
      foreign: people,
    };
  }

  /** Counts one request. */
  count({ kind, id, scope }: Pick<Principal, 'kind' | 'id' | 'scope'>): Promise<Allowance> {
    const caller = scope ? `${kind}:${JSON.stringify([scope.role, scope.entityId, id])}` : `${kind}:${id}`;
    return this.limits[kind].count(caller);
  }
}
