import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { MAX_JSON_DEPTH, MusterError, nestsDeeperThan } from '#libs/contracts';

/**
 * Reads JSON bodies. Many clients announce JSON on a DELETE or POST without a body: Fastify calls that malformed, here it
 * is no body.
 */
export function acceptEmptyJson(app: NestFastifyApplication): void {
  const parse = app.getHttpAdapter().getInstance().getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', {}, (request, body, done) => {
    const text = body.toString('utf8');
    if (text === '') done(null, undefined);
    else if (nestsDeeperThan(text, MAX_JSON_DEPTH)) done(tooDeep(), undefined);
    else void parse(request, text, done);
  });
}

/** What checks and copies a body walks it by recursion. */
function tooDeep(): MusterError {
  return new MusterError('VALIDATION_FAILED', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
}
