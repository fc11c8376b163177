import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { isOpen } from '#libs/contracts';
import { refuseExceeded, showAllowance } from '../../limits/allowance.js';
import { principalOf } from './request.principal.js';
import { RequestLimiter } from '../request.limiter.js';
import { RoutePolicies } from './route.policies.js';

/** Second of four: not too often? Counts refused requests too, so that probing costs as much as working. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly policies: RoutePolicies,
    private readonly limiter: RequestLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http' || isOpen(this.policies.of(context))) return true;
    const allowance = await this.limiter.count(principalOf(context));
    showAllowance(context.switchToHttp().getResponse<FastifyReply>(), allowance);
    refuseExceeded(allowance);
    return true;
  }
}
