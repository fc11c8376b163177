import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { keepAnswers } from './idempotency/answer.keeper.js';
import { streamUploads } from './imports/upload.body.js';
import { readJsonBodies } from './http/json.body.js';
import { readForms } from './http/multipart.js';
import { serveOpenApi } from './documents/openapi.js';

/** What the gateway's HTTP server needs beside its module, before it listens. */
export function configureGateway(app: NestFastifyApplication): void {
  readJsonBodies(app);
  streamUploads(app.getHttpAdapter().getInstance());
  readForms(app);
  keepAnswers(app.getHttpAdapter().getInstance());
  serveOpenApi(app);
}
