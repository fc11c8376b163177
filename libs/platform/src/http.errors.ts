import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MusterError, toErrorBody } from '#libs/contracts';
import type { ErrorCode } from '#libs/contracts';

/** Fastify's own codes, which tell more than the status does. */
const CODES_OF_FASTIFY: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'VALIDATION_FAILED',
  FST_ERR_BAD_URL: 'ROUTE_NOT_FOUND',
  FST_ERR_MAX_PARAM_LENGTH: 'ROUTE_NOT_FOUND',
};

const CODES_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_FAILED',
  401: 'AUTH_REQUIRED',
  403: 'ACCESS_DENIED',
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'ROUTE_NOT_FOUND',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMIT_EXCEEDED',
  503: 'SERVICE_UNAVAILABLE',
  504: 'SERVICE_TIMEOUT',
};

/**
 * The documents' error for anything that HTTP, Fastify or Nest threw (404, 413, 415, malformed JSON …); a `MusterError`
 * passes as it is, and what nobody planned becomes INTERNAL_ERROR with nothing of its text.
 */
export function toHttpError(error: unknown): MusterError {
  if (error instanceof MusterError) {
    return error;
  }
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) {
    return new MusterError(
      'INTERNAL_ERROR',
      'something went wrong here; the log has it under the request id',
      {},
      { cause: error },
    );
  }
  return new MusterError(code, error.message, {}, { cause: error });
}

/** Nest wraps Fastify's refusals into its own exception and keeps them as `cause`. */
function codeOf(error: unknown): ErrorCode | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  if (error instanceof HttpException) {
    return fastifyCodeOf(error.cause) ?? CODES_OF_STATUS[error.getStatus()];
  }
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 0;
  return fastifyCodeOf(error) ?? CODES_OF_STATUS[status];
}

function fastifyCodeOf(error: unknown): ErrorCode | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return hasCode ? CODES_OF_FASTIFY[String(error.code)] : undefined;
}

/** Answers what the router refuses before any filter runs: a URL that does not decode, a parameter that is too long. */
export function answerRouterError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toHttpError(error);
  void reply.status(known.status).send(toErrorBody(known, request.id));
}
