import { Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes, type RateLimiterPostgres } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import type { Principal } from '#libs/auth';
import { AuthSettings } from './auth.settings.js';
import { sharedLimiter } from './shared.limiter.js';

const WINDOW_S = 60;

/** Where a caller stands in its minute. */
export interface Allowance {
  readonly isExceeded: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Requests a minute: of an API key over all replicas, of a person on each. The minute begins with its first request. */
@Injectable()
export class RequestLimiter {
  private readonly ofApiKeys: RateLimiterPostgres;
  private readonly ofPeople: RateLimiterMemory;

  constructor(dataSource: DataSource, settings: AuthSettings) {
    const points = settings.apiKeyRequestsPerMinute;
    this.ofApiKeys = sharedLimiter(dataSource, {
      keyPrefix: 'requests',
      points,
      windowS: WINDOW_S,
      remembersExcess: true,
    });
    this.ofPeople = new RateLimiterMemory({ points: settings.userRequestsPerMinute, duration: WINDOW_S });
  }

  /** Counts one request. */
  async count({ kind, id }: Pick<Principal, 'kind' | 'id'>): Promise<Allowance> {
    const limiter = kind === 'apiKey' ? this.ofApiKeys : this.ofPeople;
    try {
      return toAllowance(await limiter.consume(`${kind}:${id}`), limiter.points, false);
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      return toAllowance(rejection, limiter.points, true);
    }
  }
}

function toAllowance(result: RateLimiterRes, limit: number, isExceeded: boolean): Allowance {
  return { isExceeded, limit, remaining: result.remainingPoints, resetMs: Math.max(result.msBeforeNext, 0) };
}
