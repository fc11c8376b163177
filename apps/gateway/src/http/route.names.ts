import type { FastifyRequest } from 'fastify';
import { ROUTES, type Route, type RouteName } from '#libs/contracts';

/** Key: method and path template. */
const NAMES = new Map<string, RouteName>();
for (const [name, { method, path }] of Object.entries(ROUTES)) {
  if (isRouteName(name)) NAMES.set(`${method} ${path}`, name);
}

/** A row of `ROUTES` under its name. */
export interface NamedRoute {
  readonly name: RouteName;
  readonly route: Route;
}

/** The row of `ROUTES` that a request is for; undefined when no handler has it. */
export function routeOf(request: Pick<FastifyRequest, 'method' | 'routeOptions'>): NamedRoute | undefined {
  const name = NAMES.get(`${request.method} ${request.routeOptions.url ?? ''}`);
  return name && { name, route: ROUTES[name] };
}

function isRouteName(name: string): name is RouteName {
  return Object.hasOwn(ROUTES, name);
}
