import { Logger } from '@nestjs/common';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HTTP_HEADERS, ROUTES } from '#libs/contracts';
import { observeRequest, routeOf } from './http.metrics.js';
import { withLogFields } from '#libs/jetstream';

interface Work {
  readonly context: Context;
  readonly span: Span;
}

const FIRST_SERVER_ERROR = 500;
const UNTRACED: ReadonlySet<string> = new Set([
  ROUTES.health.path,
  ROUTES.healthLive.path,
  ROUTES.healthReady.path,
  ROUTES.metrics.path,
]);

const tracer = trace.getTracer('muster.http');
const logger = new Logger('Http');

/**
 * What surrounds every request: its id echoed, its trace continued or begun, both in each of its log lines, its duration
 * measured. Key of the map: the request.
 */
export function addRequestHooks(fastify: FastifyInstance): void {
  const works = new WeakMap<FastifyRequest, Work>();
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header(HTTP_HEADERS.requestId, request.id);
    const work = begin(request);
    works.set(request, work);
    context.with(work.context, done);
  });
  // Reading the body leaves the context behind: what runs next was scheduled by the socket.
  fastify.addHook('preValidation', (request, _reply, done) => {
    context.with(works.get(request)?.context ?? context.active(), done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    observeRequest(request, reply);
    const work = works.get(request);
    if (work === undefined) {
      done();
      return;
    }
    context.with(work.context, () => {
      finish(request, reply, work.span);
      done();
    });
  });
}

/** A client that keeps its connection busy would else hold it open until it is cut off in the middle of an answer. */
export function closeConnectionsWhile(isStopping: () => boolean, fastify: FastifyInstance): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping()) reply.header('connection', 'close');
    done(null, payload);
  });
}

function begin(request: FastifyRequest): Work {
  const parent = propagation.extract(context.active(), request.headers);
  const options = { kind: SpanKind.SERVER, attributes: { 'http.request.method': request.method } };
  const span = UNTRACED.has(request.url)
    ? trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 })
    : tracer.startSpan(`${request.method} ${routeOf(request)}`, options, parent);
  const traced = trace.setSpan(parent, span);
  return {
    span,
    context: context.with(traced, () => withLogFields({ request_id: request.id }, () => context.active())),
  };
}

function finish(request: FastifyRequest, reply: FastifyReply, span: Span): void {
  const failed = reply.statusCode >= FIRST_SERVER_ERROR;
  span.setAttributes({ 'http.route': routeOf(request), 'http.response.status_code': reply.statusCode });
  if (failed) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
  const line = {
    event: 'http_request',
    method: request.method,
    route: routeOf(request),
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
  };
  if (failed) {
    logger.warn(line);
  } else {
    logger.debug(line);
  }
}
