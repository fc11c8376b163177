import type { IncomingMessage, ServerResponse } from 'node:http';

const PREFLIGHT_LIFETIME_S = 600;

/**
 * Lets browsers of the allowed origins poll. WebSockets know no CORS; the token in the handshake is what protects them,
 * since no browser sends it by itself.
 */
export function corsFor(allowed: readonly string[]) {
  return (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void): void => {
    const { origin } = request.headers;
    if (origin !== undefined && (allowed.includes('*') || allowed.includes(origin))) {
      response.setHeader('access-control-allow-origin', allowed.includes('*') ? '*' : origin);
      response.setHeader('vary', 'origin');
    }
    if (request.method !== 'OPTIONS') {
      next();
      return;
    }
    response.setHeader('access-control-allow-methods', 'GET, POST');
    response.setHeader('access-control-allow-headers', 'content-type, authorization');
    response.setHeader('access-control-max-age', PREFLIGHT_LIFETIME_S);
    response.writeHead(204).end();
  };
}
