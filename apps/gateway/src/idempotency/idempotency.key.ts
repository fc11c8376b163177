import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HTTP_HEADERS, MusterError, type Requester } from '#libs/contracts';
import { principalOf } from '../auth/guards/request.principal.js';
import { requesterOf } from '../http/requester.js';

const PLAIN_TEXT = /^[\x21-\x7e]{1,200}$/;

/** @throws MusterError `VALIDATION_FAILED` for a key that is none; undefined when the header is missing. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && PLAIN_TEXT.test(header)) return header;
  const problems = ['must be 1 to 200 visible ASCII characters, once'];
  throw new MusterError('VALIDATION_FAILED', `X-Idempotency-Key ${problems[0]}.`, {
    fields: [{ field: HTTP_HEADERS.idempotencyKey, problems }],
  });
}

/** Who sends a command, and the key under which a repeat of it is known. */
export interface KeyedRequester {
  readonly requester: Requester;
  readonly idempotencyKey?: string;
}

/** Caller and X-Idempotency-Key of a request (decision C35), as a parameter of a handler. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): KeyedRequester => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  const idempotencyKey = readIdempotencyKey(headers[HTTP_HEADERS.idempotencyKey]);
  const requester = requesterOf(principalOf(context));
  return idempotencyKey === undefined ? { requester } : { requester, idempotencyKey };
});
