import type { FastifyReply } from 'fastify';
import { RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';

const MS_PER_SECOND = 1_000;

/** Where a caller stands in its minute. */
export interface Allowance {
  readonly isExceeded: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Counts one request of `caller`. */
export async function countOne(limiter: RateLimiterAbstract, caller: string): Promise<Allowance> {
  try {
    return toAllowance(await limiter.consume(caller), limiter.points, false);
  } catch (rejection) {
    if (!(rejection instanceof RateLimiterRes)) throw rejection;
    return toAllowance(rejection, limiter.points, true);
  }
}

/** Tells the caller where it stands; of several limits the one that is nearer to its end. */
export function showAllowance(reply: FastifyReply, { limit, remaining, resetMs }: Allowance): void {
  const shown = reply.getHeader(HTTP_HEADERS.rateRemaining);
  if (shown !== undefined && Number(shown) < remaining) return;
  reply.header(HTTP_HEADERS.rateLimit, limit);
  reply.header(HTTP_HEADERS.rateRemaining, remaining);
  reply.header(HTTP_HEADERS.rateReset, Math.ceil((Date.now() + resetMs) / MS_PER_SECOND));
}

/** @throws MusterError `RATE_LIMIT_EXCEEDED` with the seconds to wait. */
export function refuseExceeded({ isExceeded, limit, resetMs }: Allowance, what = 'requests'): void {
  if (!isExceeded) return;
  const retryAfterSeconds = Math.max(1, Math.ceil(resetMs / MS_PER_SECOND));
  throw new MusterError(
    'RATE_LIMIT_EXCEEDED',
    `More than ${limit} ${what} in a minute; try again in ${retryAfterSeconds} seconds.`,
    { limit, retryAfterSeconds },
  );
}

function toAllowance(result: RateLimiterRes, limit: number, isExceeded: boolean): Allowance {
  return { isExceeded, limit, remaining: result.remainingPoints, resetMs: Math.max(result.msBeforeNext, 0) };
}
