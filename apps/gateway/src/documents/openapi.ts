import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { HTTP_HEADERS, ROUTES, type RouteName } from '#libs/contracts';
import { ErrorResponse } from '../http/error.dto.js';

const DESCRIPTION =
  'Robots on NATS JetStream, their registry, telemetry and commands. ' +
  'Every error has the same body; live updates are described in /docs/asyncapi.json.';

/** Serves the page at /docs and the document at /docs/openapi.json. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup(ROUTES.docs.path, app, () => openApiOf(app), {
    jsonDocumentUrl: ROUTES.openapi.path,
    customSiteTitle: 'Muster API',
    swaggerOptions: { persistAuthorization: true },
  });
}

/** Describes every HTTP route of the app (decision G3). */
export function openApiOf(app: INestApplication): OpenAPIObject {
  const header = (name: string) => ({ type: 'apiKey', in: 'header', name }) as const;
  const config = new DocumentBuilder()
    .setTitle('Muster')
    .setDescription(DESCRIPTION)
    .setVersion('1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'accessToken')
    .addSecurity('apiKey', header(HTTP_HEADERS.apiKey))
    .addSecurity('apiSecret', header(HTTP_HEADERS.apiSecret))
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ErrorResponse] });
  return { ...document, paths: { ...document.paths, ...platformPaths() } };
}

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

const HEALTH: Schema = {
  type: 'object',
  required: ['status', 'timestamp'],
  properties: {
    status: { type: 'string', enum: ['healthy', 'degraded', 'unhealthy'] },
    checks: { type: 'object', additionalProperties: { type: 'string' }, example: { database: 'healthy' } },
    metrics: { type: 'object', additionalProperties: { type: 'number' } },
    timestamp: { type: 'string', format: 'date-time' },
  },
};

/** The routes that every app has from the platform, or that serve these documents themselves. */
function platformPaths(): OpenAPIObject['paths'] {
  const health = { 'application/json': { schema: HEALTH } };
  return {
    ...platformPath('health', health, { 503: { description: 'Unhealthy.', content: health } }),
    ...platformPath('healthLive', health),
    ...platformPath('healthReady', health, { 503: { description: 'Cannot serve now.', content: health } }),
    ...platformPath('metrics', { 'text/plain': { schema: { type: 'string' }, example: 'muster_hub_sockets 3\n' } }),
    ...platformPath('docs', { 'text/html': { schema: { type: 'string' }, example: '<!DOCTYPE html>…' } }),
    ...platformPath('openapi', { 'application/json': { schema: { type: 'object' }, example: { openapi: '3.0.0' } } }),
  };
}

type Responses = NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['responses']>;

function platformPath(name: RouteName, content: object, others: Responses = {}): OpenAPIObject['paths'] {
  const { path, summary, policy } = ROUTES[name];
  const responses: Responses = { 200: { description: 'Done.', content: { ...content } }, ...others };
  const description = `Policy: ${policy}.`;
  return { [path]: { get: { operationId: name, summary, description, tags: ['platform'], responses } } };
}
