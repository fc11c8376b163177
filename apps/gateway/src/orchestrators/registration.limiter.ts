import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RateLimiterPostgres } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import { MusterError, RATE_LIMITS, type ErrorCode } from '#libs/contracts';
import { networkOf } from '../auth/sessions/log-in.limiter.js';
import { sharedLimiter } from '../auth/shared.limiter.js';

const FAILURES: ReadonlySet<ErrorCode> = new Set(['AUTH_INVALID_SIGNATURE', 'ENTITY_NOT_FOUND']);

export interface RegistrationAttempt {
  readonly entityId: string;
  readonly orchestratorId: string;
  readonly address: string;
}

/**
 * Slows down whoever tries keys and secrets. Counted by orchestrator and address together, so that a stranger cannot lock an
 * orchestrator out; a success costs nothing here, it has a limit of its own (decision C1).
 */
@Injectable()
export class RegistrationLimiter {
  private readonly failures: RateLimiterPostgres;

  constructor(dataSource: DataSource) {
    this.failures = sharedLimiter(dataSource, {
      keyPrefix: 'registration-failures',
      ...RATE_LIMITS.failedRegistration,
    });
  }

  /** @throws MusterError `RATE_LIMIT_EXCEEDED` without running it, after too many failures. */
  async attempt<T>(attempt: RegistrationAttempt, register: () => Promise<T>): Promise<T> {
    const key = keyOf(attempt);
    await this.refuseAfterFailures(key);
    try {
      return await register();
    } catch (error) {
      if (error instanceof MusterError && FAILURES.has(error.code)) await this.failures.penalty(key);
      throw error;
    }
  }

  private async refuseAfterFailures(key: string): Promise<void> {
    const failed = await this.failures.get(key);
    if (!failed || failed.consumedPoints < RATE_LIMITS.failedRegistration.points) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(failed.msBeforeNext / 1000));
    throw new MusterError('RATE_LIMIT_EXCEEDED', 'Too many registrations of this orchestrator failed.', {
      limit: RATE_LIMITS.failedRegistration.points,
      retryAfterSeconds,
    });
  }
}

function keyOf({ entityId, orchestratorId, address }: RegistrationAttempt): string {
  return createHash('sha256')
    .update(JSON.stringify([entityId, orchestratorId, networkOf(address)]))
    .digest('base64url');
}
