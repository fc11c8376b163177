import { createHash } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';
import { growthOfNumbers, HTTP_HEADERS, MAX_JSON_DEPTH, MusterError, nestsDeeperThan } from '#libs/contracts';
import { keepRawBody } from './raw.body.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the body as it came, where a repeat has to be the same. */
    bodySha256?: string;
  }
}

/**
 * Reads JSON bodies and refuses every other type (415). Many clients announce JSON on a DELETE or POST without a body:
 * Fastify calls that malformed, here it is no body.
 */
export function readJsonBodies(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser('text/plain');
  const parse = fastify.getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', {}, (request, body, done) => {
    keepRawBody(request, body);
    if (body.length > 0 && HTTP_HEADERS.idempotencyKey in request.headers) request.bodySha256 = digestOf(body);
    const text = body.toString('utf8');
    const problem = problemOf(text);
    if (text === '') done(null, undefined);
    else if (problem !== undefined) done(problem, undefined);
    else void parse(request, text, done);
  });
  // Nest reads forms unless told: a body of the wrong kind would be a body with wrong fields.
  app.useBodyParser<RawServerDefault>('application/x-www-form-urlencoded', {}, (_request, _body, done) =>
    done(new MusterError('UNSUPPORTED_MEDIA_TYPE', 'Bodies are JSON here.'), undefined),
  );
}

const digestOf = (body: Buffer | string): string => createHash('sha256').update(body).digest('base64url');

/** What would be valid JSON and cannot be used: checks and copies walk a body by recursion, and null has no fields. */
function problemOf(text: string): MusterError | undefined {
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) return refused(`must not nest deeper than ${MAX_JSON_DEPTH} levels`);
  if (growthOfNumbers(text) === Infinity) return refused('must not hold a number beyond the range of doubles');
  return text.trim() === 'null' ? refused('must be one JSON object') : undefined;
}

function refused(problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `The body ${problem}.`, {
    fields: [{ field: 'body', problems: [problem] }],
  });
}
