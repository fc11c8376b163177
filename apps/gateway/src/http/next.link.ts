import type { FastifyReply, FastifyRequest } from 'fastify';
import { HTTP_HEADERS } from '#libs/contracts';

/** What the API documents say of a list's headers. */
export const PAGE_HEADERS = {
  'X-Next-Cursor': { description: 'Send it as `after`; absent on the last page.', schema: { type: 'string' } },
  Link: { description: 'The next page, rel="next".', schema: { type: 'string' } },
} as const;

/** Says in the headers of a list where its next page is. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, next: string | null): void {
  if (next === null) return;
  reply.header(HTTP_HEADERS.nextCursor, next);
  reply.header('link', nextLink(request.url, next));
}

/** `Link` header (RFC 8288) to the page after this one: the same path and query from another place. */
export function nextLink(url: string, after: string): string {
  const [path = '/', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('after', after);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
