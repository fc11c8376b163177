import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { requireOwnEntity } from './entity.access.js';
import '../auth/guards/request.principal.js';

/** Last of four: does a device speak of its own entity? A form's fields are checked by its handler. */
@Injectable()
export class EntityGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const { principal, headers, query, params, body } = context.switchToHttp().getRequest<FastifyRequest>();
    if (principal) requireOwnEntity(principal, { headers, query, params, body });
    return true;
  }
}
