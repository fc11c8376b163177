import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MusterError, toErrorBody } from '#libs/contracts';
import type { ErrorCode } from '#libs/contracts';
import { isPatient } from './http.patience.js';

/** Fastify's own codes, which tell more than the status does. */
const CODES_OF_FASTIFY: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'VALIDATION_FAILED',
  FST_ERR_BAD_URL: 'MALFORMED_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'VALIDATION_FAILED',
};

const REQUEST_TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/** What Node's HTTP parser refuses: there is no request for Fastify then. */
const CODES_OF_PARSER: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  [REQUEST_TIMEOUT]: 'REQUEST_TIMEOUT',
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
  504: 'NETWORK_TIMEOUT',
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

const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The id of a request, given what its X-Request-ID says. */
export function requestIdOf(header: unknown): string {
  return typeof header === 'string' && SANE_REQUEST_ID.test(header) ? header : `req-${randomUUID()}`;
}

/** Answers what is no HTTP request, or one whose URL and headers are too large. */
export function answerParserError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === REQUEST_TIMEOUT && isPatient(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODES_OF_PARSER[error.code ?? ''] ?? 'MALFORMED_REQUEST';
  endWithError(socket, new MusterError(code, `The request cannot be read: ${error.message}.`));
}

/** Answers on a bare connection, and ends it. */
export function endWithError(socket: Duplex, error: MusterError, requestId = requestIdOf(undefined)): void {
  const body = JSON.stringify(toErrorBody(error, requestId));
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-ID: ${requestId}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
