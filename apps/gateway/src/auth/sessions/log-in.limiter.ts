import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { RateLimiterPostgres } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import { MusterError } from '#libs/contracts';
import { sharedLimiter } from '../shared.limiter.js';
import { Turns } from './turns.js';
import { usernameKey } from '../users/user.entity.js';

/** Failures of one user from one address that cost no waiting. */
const FREE_FAILURES = 4;
const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 900;
const FORGIVE_AFTER_S = 3_600;
/** Failures from one address, whoever it tries to be, before it waits for the rest of the window. */
const FAILURES_PER_ADDRESS = 200;
const ADDRESS_WINDOW_S = 900;

export interface LogInAttempt {
  readonly username: string;
  readonly address: string;
}

/**
 * Slows down whoever guesses passwords: from the fifth failure on, a user and address wait 2, 4, 8 … 900 s after each, and
 * an address that fails all over waits too. Somebody elsewhere cannot lock a user out, and success costs nothing and forgives.
 * Tries of one user and address take turns, so that a thousand at once are no thousand free ones.
 */
@Injectable()
export class LogInLimiter {
  private readonly failures: RateLimiterPostgres;
  private readonly waits: RateLimiterPostgres;
  private readonly addresses: RateLimiterPostgres;
  private readonly turns = new Turns();

  constructor(dataSource: DataSource) {
    const points = FREE_FAILURES;
    this.failures = sharedLimiter(dataSource, { keyPrefix: 'login-failures', points, windowS: FORGIVE_AFTER_S });
    this.waits = sharedLimiter(dataSource, { keyPrefix: 'login-wait', points: 0, windowS: LONGEST_WAIT_S });
    this.addresses = sharedLimiter(dataSource, {
      keyPrefix: 'login-address',
      points: FAILURES_PER_ADDRESS,
      windowS: ADDRESS_WINDOW_S,
    });
  }

  /**
   * Runs one log-in. Only `AUTH_INVALID_CREDENTIALS` counts as a failure.
   * @throws MusterError `RATE_LIMIT_EXCEEDED` without running it, when the caller has to wait.
   */
  attempt<T>({ username, address }: LogInAttempt, logIn: () => Promise<T>): Promise<T> {
    const network = networkOf(address);
    const pair = createHash('sha256')
      .update(`${usernameKey(username)}\n${network}`)
      .digest('base64url');
    return this.turns.run(pair, async () => {
      await this.refuseWhileWaiting(pair, network);
      try {
        const result = await logIn();
        await this.failures.delete(pair);
        return result;
      } catch (error) {
        if (error instanceof MusterError && error.code === 'AUTH_INVALID_CREDENTIALS') await this.count(pair, network);
        throw error;
      }
    });
  }

  private async refuseWhileWaiting(pair: string, network: string): Promise<void> {
    const [wait, byAddress] = await Promise.all([this.waits.get(pair), this.addresses.get(network)]);
    const addressMs = byAddress && byAddress.consumedPoints >= FAILURES_PER_ADDRESS ? byAddress.msBeforeNext : 0;
    const waitMs = Math.max(wait?.msBeforeNext ?? 0, addressMs);
    if (waitMs <= 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new MusterError(
      'RATE_LIMIT_EXCEEDED',
      `Too many failed log-ins; try again in ${retryAfterSeconds} seconds.`,
      { retryAfterSeconds },
    );
  }

  private async count(pair: string, network: string): Promise<void> {
    const [{ consumedPoints }] = await Promise.all([this.failures.penalty(pair), this.addresses.penalty(network)]);
    const excess = consumedPoints - FREE_FAILURES;
    if (excess > 0) await this.waits.block(pair, Math.min(FIRST_WAIT_S * 2 ** (excess - 1), LONGEST_WAIT_S));
  }
}

/** One household or server has a whole /64 of IPv6 addresses; IPv4 counts each. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const [left, right] = [head, tail].map((half) => half.split(':').filter(Boolean));
  const groups = [...(left ?? []), ...Array<string>(8).fill('0')].slice(0, 8 - (right?.length ?? 0));
  return [...groups, ...(right ?? [])].slice(0, 4).join(':');
}
