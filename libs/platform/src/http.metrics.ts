import type { FastifyReply, FastifyRequest } from 'fastify';
import { Histogram } from 'prom-client';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const MS_PER_SECOND = 1_000;

const durations = new Histogram({
  name: 'muster_http_request_duration_seconds',
  help: 'Time from a request to the end of its response.',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** The route's template, `/api/v1/robots/:robotId`; one name for everything that matches no route. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unmatched';
}

/** Counts a finished request. Labels are bounded: known methods, route templates, status codes. */
export function observeRequest(request: FastifyRequest, reply: FastifyReply): void {
  const method = METHODS.has(request.method) ? request.method : 'OTHER';
  const labels = { method, route: routeOf(request), status: String(reply.statusCode) };
  durations.observe(labels, reply.elapsedTime / MS_PER_SECOND);
}
