import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';
import { principalOf } from './request.principal.js';
import { RequestLimiter, type Allowance } from './request.limiter.js';
import { RoutePolicies } from './route.policies.js';

/** Second of three: not too often? Counts refused requests too, so that probing costs as much as working. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly policies: RoutePolicies,
    private readonly limiter: RequestLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http' || this.policies.of(context) === 'Public') return true;
    const allowance = await this.limiter.count(principalOf(context));
    setHeaders(context.switchToHttp().getResponse<FastifyReply>(), allowance);
    if (!allowance.isExceeded) return true;
    const retryAfterSeconds = Math.max(1, Math.ceil(allowance.resetMs / 1000));
    const { limit } = allowance;
    throw new MusterError(
      'RATE_LIMIT_EXCEEDED',
      `More than ${limit} requests in a minute; try again in ${retryAfterSeconds} seconds.`,
      { limit, retryAfterSeconds },
    );
  }
}

function setHeaders(reply: FastifyReply, { limit, remaining, resetMs }: Allowance): void {
  reply.header(HTTP_HEADERS.rateLimit, limit);
  reply.header(HTTP_HEADERS.rateRemaining, remaining);
  reply.header(HTTP_HEADERS.rateReset, Math.ceil((Date.now() + resetMs) / 1000));
}
