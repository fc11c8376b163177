import multipart from '@fastify/multipart';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MusterError, ROUTES } from '#libs/contracts';

/** Routes that take forms; on all others a form is a body of the wrong kind. */
const FORM_PATHS: ReadonlySet<string | undefined> = new Set([ROUTES.firmwaresUpload.path, ROUTES.firmwareCache.path]);

/** Of the texts around a file; how large the file may be is the receiver's to say. */
const LIMITS = {
  fieldNameSize: 100,
  fieldSize: 65_536,
  fields: 64,
  // The second one is answered with what is wrong, not cut off.
  files: 2,
  fileSize: Infinity,
  parts: 66,
  headerPairs: 50,
};

/** Lets the routes that say so read forms, part by part, as they come in. */
export function readForms(app: NestFastifyApplication): void {
  void app.register(multipart, { limits: LIMITS });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preValidation', async (request) => {
      if (!request.isMultipart() || FORM_PATHS.has(request.routeOptions.url)) return;
      throw new MusterError('UNSUPPORTED_MEDIA_TYPE', 'Bodies are JSON here.');
    });
}
