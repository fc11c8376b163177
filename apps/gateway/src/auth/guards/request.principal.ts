import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set by the authentication guard on every route that is not public. */
    principal?: Principal;
  }
}

/** The caller of a request that the guards let through. */
export function principalOf(context: ExecutionContext): Principal {
  const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!principal) throw new MusterError('AUTH_REQUIRED', 'This route needs an access token or an API key.');
  return principal;
}

/** The caller, as a parameter of a handler. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  principalOf(context),
);
