import { applyDecorators, Delete, Get, HttpCode, Post, Put, type Type } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import { RequirePolicy } from '#libs/auth';
import { ERROR_CODES, isOpen, ROUTES, type ErrorCode, type HttpMethod, type Policy, type Route } from '#libs/contracts';
import { ErrorResponse } from './error.dto.js';

export interface EndpointOptions {
  /** Class of the answer's body, in brackets for an array of it; without one the answer is empty. */
  readonly response?: Type | readonly [Type];
  /** 200 with a response and 204 without one, unless told. */
  readonly status?: number;
  /** Media type → example, of an answer without a class. */
  readonly content?: Readonly<Record<string, unknown>>;
  /** Errors of this route beside those that every route has. */
  readonly errors?: readonly ErrorCode[];
}

const BIND: Readonly<Record<HttpMethod, (path: string) => MethodDecorator>> = {
  GET: Get,
  POST: Post,
  PUT: Put,
  DELETE: Delete,
};

const ERRORS_OF_ALL: readonly ErrorCode[] = ['VALIDATION_FAILED', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'];
const ERRORS_OF_BODIES: readonly ErrorCode[] = ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
const ERRORS_OF_CALLERS: readonly ErrorCode[] = [
  'AUTH_REQUIRED',
  'AUTH_INVALID_TOKEN',
  'AUTH_TOKEN_EXPIRED',
  'ACCESS_DENIED',
  'RATE_LIMIT_EXCEEDED',
];

/** Binds a handler to its row of `ROUTES`: method, path, policy, and what the API documents say of it. */
export function Endpoint(route: Route, options: EndpointOptions = {}): MethodDecorator {
  const { response, status = response || options.content ? 200 : 204 } = options;
  const operationId = Object.entries(ROUTES).find(([, row]) => row === route)?.[0];
  return applyDecorators(
    BIND[route.method](route.path),
    HttpCode(status),
    RequirePolicy(route.policy),
    ApiOperation({
      summary: route.summary,
      description: `Policy: ${route.policy}.`,
      ...(operationId && { operationId }),
    }),
    ApiResponse({ status, description: 'Done.', ...answer(response, options.content) }),
    ...errorsOf(route, options.errors ?? []),
    ...securityOf(route.policy),
  );
}

function securityOf(policy: Policy): MethodDecorator[] {
  if (policy === 'Public') return [];
  const bearer = ApiBearerAuth('accessToken');
  return policy === 'LastToken' ? [bearer] : [bearer, ApiSecurity({ apiKey: [], apiSecret: [] })];
}

function answer(response: EndpointOptions['response'], content: EndpointOptions['content']): object {
  if (content) return { content: Object.fromEntries(Object.entries(content).map(toMediaType)) };
  if (!response) return {};
  return typeof response === 'function' ? { type: response } : { type: [...response] };
}

function toMediaType([mediaType, example]: readonly [string, unknown]): [string, object] {
  const schema = { type: typeof example === 'string' ? 'string' : 'object' };
  return [mediaType, { schema, example }];
}

function errorsOf(route: Route, own: readonly ErrorCode[]): MethodDecorator[] {
  const codes = new Set([
    ...own,
    ...ERRORS_OF_ALL,
    ...(route.method === 'POST' || route.method === 'PUT' ? ERRORS_OF_BODIES : []),
    ...(isOpen(route.policy) ? [] : ERRORS_OF_CALLERS),
  ]);
  const statuses = new Set([...codes].map((code) => ERROR_CODES[code].status));
  return [...statuses].map((status) => {
    const those = [...codes].filter((code) => ERROR_CODES[code].status === status);
    const description = those.map((code) => `\`${code}\`: ${ERROR_CODES[code].advice}`).join(' ');
    return ApiResponse({ status, type: ErrorResponse, description });
  });
}
