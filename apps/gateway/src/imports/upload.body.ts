import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MusterError, ROUTES } from '#libs/contracts';
import { readPatiently } from '#libs/platform';

declare module 'fastify' {
  interface FastifyRequest {
    /** The media type of a body that nobody has read yet. */
    uploadType?: string;
  }
}

const UPLOAD = 'application/x-muster-upload';

/** Leaves the bodies of imports unread: they are streamed, and may be larger than any other. */
export function streamUploads(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(UPLOAD, (_request, _body, done) => done(null, undefined));
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, path } = ROUTES.importsCreate;
    if (request.routeOptions.url === path && request.method === method) {
      request.uploadType = mediaTypeOf(request);
      // The parsers of other routes would read the body whole.
      request.raw.headers['content-type'] = UPLOAD;
    }
    done();
  });
}

function mediaTypeOf({ headers }: FastifyRequest): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The bytes of an upload, for as long as something comes. @throws MusterError `REQUEST_TIMEOUT` when it breaks off */
export async function* readUpload({ raw }: FastifyRequest): AsyncGenerator<Uint8Array> {
  const impatiently = readPatiently(raw);
  try {
    // Whoever stops reading still wants to answer: the connection outlives the iterator.
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) if (chunk instanceof Uint8Array) yield chunk;
  } catch (cause) {
    throw new MusterError('REQUEST_TIMEOUT', 'The upload broke off.', {}, { cause });
  } finally {
    impatiently();
  }
}
