import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import '../auth/guards/request.principal.js';
import { routeOf } from '../http/route.names.js';
import { refuseExceeded, showAllowance } from './allowance.js';
import { RouteLimiter } from './route.limiter.js';

/**
 * Refuses what a caller sends too often to a group of routes. An interceptor after the one of idempotency: the repeat of an
 * answered request is not counted (decision A24). A request with many items counts once.
 */
@Injectable()
export class RouteLimitInterceptor implements NestInterceptor {
  constructor(private readonly limiter: RouteLimiter) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() === 'http') await this.count(context);
    return next.handle();
  }

  private async count(context: ExecutionContext): Promise<void> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const limit = routeOf(request)?.route.limit;
    if (limit === undefined || !request.principal) return;
    const allowance = await this.limiter.count(limit, request.principal);
    if (!allowance) return;
    showAllowance(http.getResponse<FastifyReply>(), allowance);
    refuseExceeded(allowance, `requests to these routes (${limit})`);
  }
}
