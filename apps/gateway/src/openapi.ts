import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { HTTP_HEADERS, ROUTES } from '#libs/contracts';
import { ErrorResponse } from './error.dto.js';

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
  const header = (name: string): { type: 'apiKey'; in: 'header'; name: string } => ({
    type: 'apiKey',
    in: 'header',
    name,
  });
  const config = new DocumentBuilder()
    .setTitle('Muster')
    .setDescription(
      'Robots on NATS JetStream, their registry, telemetry and commands. ' +
        'Every error has the same body; live updates are described in /docs/asyncapi.json.',
    )
    .setVersion('1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'accessToken')
    .addSecurity('apiKey', header(HTTP_HEADERS.apiKey))
    .addSecurity('apiSecret', header(HTTP_HEADERS.apiSecret))
    .build();
  return SwaggerModule.createDocument(app, config, { extraModels: [ErrorResponse], autoTagControllers: false });
}
