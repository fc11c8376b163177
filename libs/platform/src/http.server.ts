import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HTTP_HEADERS } from '#libs/contracts';
import { answerParserError, answerRouterError, requestIdOf } from './http.errors.js';
import type { HealthRegistry } from './health.registry.js';
import { addRequestHooks, closeConnectionsWhile } from './http.hooks.js';
import type { PlatformConfig } from './platform.config.js';
import type { ServerTls } from './tls/server.tls.js';

const MAX_PARAMETER_CHARACTERS = 256;
const REQUEST_TIMEOUT_MS = 60_000;
const PREFLIGHT_LIFETIME_S = 600;
/** What a page of another origin may read beside the body. */
const EXPOSED_HEADERS = [
  ...Object.values(HTTP_HEADERS).filter((header) => !header.startsWith('x-api')),
  'link',
  'retry-after',
  'content-disposition',
];

/** Fastify with the platform's limits. A client's X-Request-ID is kept when it is short and plain, else one is made. */
export function createHttpAdapter(config: PlatformConfig, tls: ServerTls): FastifyAdapter {
  return new FastifyAdapter({
    ...(tls.current === undefined ? {} : { https: tls.current }),
    bodyLimit: config.bodyLimitBytes,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: config.httpIdleTimeoutMs,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers[HTTP_HEADERS.requestId]),
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARACTERS },
    frameworkErrors: answerRouterError,
    clientErrorHandler: answerParserError,
    // What still arrives while the process ends is served, and its connection closed.
    return503OnClosing: false,
  });
}

/** Adds request context, security headers and CORS; before the app is initialized. */
export async function prepareHttp(
  app: NestFastifyApplication,
  config: PlatformConfig,
  health: HealthRegistry,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  addRequestHooks(fastify);
  closeConnectionsWhile(() => health.isStopping, fastify);
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: [`'self'`],
        // Swagger's page needs inline styles; nothing needs inline scripts.
        styleSrc: [`'self'`, `'unsafe-inline'`],
        imgSrc: [`'self'`, 'data:'],
        connectSrc: [`'self'`, 'ws:', 'wss:'],
        // Plain HTTP on a laptop or behind a TLS proxy must keep working.
        upgradeInsecureRequests: null,
      },
    },
  });
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: config.corsOrigins.includes('*') ? '*' : [...config.corsOrigins],
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_LIFETIME_S,
    });
  }
}
