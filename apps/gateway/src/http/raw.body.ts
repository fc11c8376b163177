import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MusterError, ROUTES } from '#libs/contracts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came, on the routes whose signature covers them. */
    rawBody?: Buffer;
  }
}

const SIGNED_PATHS: ReadonlySet<string | undefined> = new Set([ROUTES.orchestratorsRegister.path]);

/** Keeps the bytes of a body that somebody signed. */
export function keepRawBody(request: FastifyRequest, body: Buffer): void {
  if (SIGNED_PATHS.has(request.routeOptions.url)) request.rawBody = body;
}

/** The exact bytes of a signed body. */
export const RawBody = createParamDecorator((_data: unknown, context: ExecutionContext): Buffer => {
  const { rawBody } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!rawBody) throw new MusterError('VALIDATION_FAILED', 'The body is missing.');
  return rawBody;
});
