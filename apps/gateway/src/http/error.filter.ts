import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MusterError, toErrorBody, type ErrorCode } from '#libs/contracts';
import { isDataError, isTransientDatabaseError } from '#libs/database';
import { toHttpError } from '#libs/platform';
import { methodsOf } from './route.methods.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Why it was refused, when it was. */
    errorCode?: ErrorCode;
  }
}

const RETRY_AFTER_S: Readonly<Partial<Record<number, number>>> = { 429: 1, 503: 1, 504: 1 };

/** The one place where a failure becomes an answer: whatever was thrown, the documents' error format (9.1). */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()];
    const error = refine(toMusterError(thrown), request);
    request.errorCode = error.code;
    if (error.status === 500) this.logger.error({ event: 'request_failed', request_id: request.id, error: thrown });
    answer(error, request, reply);
  }
}

/** The error that a caller sees for whatever was thrown. */
export function toMusterError(thrown: unknown): MusterError {
  if (isTransientDatabaseError(thrown)) {
    return new MusterError('SERVICE_UNAVAILABLE', 'The database cannot be reached now.', {}, { cause: thrown });
  }
  if (isDataError(thrown)) {
    return new MusterError('VALIDATION_FAILED', 'A value cannot be stored.', {}, { cause: thrown });
  }
  return toHttpError(thrown);
}

/** A path that exists under other methods is 405, and says which. */
function refine(error: MusterError, request: FastifyRequest): MusterError {
  if (error.code !== 'ROUTE_NOT_FOUND') return error;
  const path = request.url.split('?', 1)[0] ?? '';
  const allowed = methodsOf(path);
  // A row of the table that this process does not serve is as unknown as any other path.
  if (allowed.some((method) => method === request.method) || allowed.length === 0) {
    return new MusterError('ROUTE_NOT_FOUND', `There is no route ${request.method} ${path.slice(0, 200)}.`);
  }
  const message = `${request.method} is not possible here; ${allowed.join(', ')} is.`;
  return new MusterError('METHOD_NOT_ALLOWED', message, { allowed });
}

function answer(error: MusterError, request: FastifyRequest, reply: FastifyReply): void {
  if (reply.sent || reply.raw.headersSent) {
    // The answer was on its way: cutting it off is the one honest sign left.
    reply.raw.destroy();
    return;
  }
  const { allowed, retryAfterSeconds } = error.details;
  const retryAfterS = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : RETRY_AFTER_S[error.status];
  if (retryAfterS !== undefined) reply.header('retry-after', retryAfterS);
  if (Array.isArray(allowed)) reply.header('allow', allowed.join(', '));
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="muster"');
  reply.header('cache-control', 'no-store');
  void reply.status(error.status).type('application/json; charset=utf-8').send(toErrorBody(error, request.id));
}
