import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { MAX_JSON_DEPTH, MusterError, nestsDeeperThan } from '#libs/contracts';

/**
 * Reads JSON bodies and refuses every other type (415). Many clients announce JSON on a DELETE or POST without a body: Fastify calls that malformed, here it
 * is no body.
 */
export function readJsonBodies(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser('text/plain');
  const parse = fastify.getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', {}, (request, body, done) => {
    const text = body.toString('utf8');
    if (text === '') done(null, undefined);
    else if (nestsDeeperThan(text, MAX_JSON_DEPTH)) done(tooDeep(), undefined);
    else void parse(request, text, done);
  });
  // Nest reads forms unless told: a body of the wrong kind would be a body with wrong fields.
  app.useBodyParser<RawServerDefault>('application/x-www-form-urlencoded', {}, (_request, _body, done) =>
    done(new MusterError('UNSUPPORTED_MEDIA_TYPE', 'Bodies are JSON here.'), undefined),
  );
}

/** What checks and copies a body walks it by recursion. */
function tooDeep(): MusterError {
  return new MusterError('VALIDATION_FAILED', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
}
