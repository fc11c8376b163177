import type { FastifyReply } from 'fastify';

/** Of the headers, those that belong to the answer and not to its transport. */
const KEPT_HEADERS = ['content-type', 'location', 'link', 'etag', 'cache-control', 'content-disposition'] as const;
const LARGEST_KEPT_BYTES = 262_144;
const TOO_MANY_REQUESTS = 429;
const FIRST_CLIENT_ERROR = 400;
const FIRST_SERVER_ERROR = 500;

/** An answer as a repeat of its request gets it again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What is kept of an answer; undefined for what is not: failures of ours, limits, streams and what is large. */
export function toKept(reply: FastifyReply, payload: unknown): KeptAnswer | undefined {
  const { statusCode: status } = reply;
  if (status === TOO_MANY_REQUESTS || status >= FIRST_SERVER_ERROR) return undefined;
  const body = toBytes(payload);
  if (body === undefined || body.length > LARGEST_KEPT_BYTES) return undefined;
  const headers = KEPT_HEADERS.map((name) => [name, reply.getHeader(name)] as const).filter(
    (header): header is readonly [(typeof KEPT_HEADERS)[number], string] => typeof header[1] === 'string',
  );
  return { status, headers: Object.fromEntries(headers), body };
}

/** Whether a request went wrong by its sender's fault. */
export const isRefusal = ({ status }: KeptAnswer): boolean => status >= FIRST_CLIENT_ERROR;

export function pack({ status, headers, body }: KeptAnswer): Buffer {
  return Buffer.from(JSON.stringify({ status, headers, body: body.toString('base64') }));
}

/** @throws Error for what {@link pack} did not write. */
export function unpack(packed: Buffer): KeptAnswer {
  const value: unknown = JSON.parse(packed.toString('utf8'));
  if (!isPacked(value)) throw new TypeError('a kept answer has another form');
  return { ...value, body: Buffer.from(value.body, 'base64') };
}

interface Packed extends Omit<KeptAnswer, 'body'> {
  readonly body: string;
}

/** It was sealed by a gateway: its form is the one above, or that of another version. */
function isPacked(value: unknown): value is Packed {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    typeof value.status === 'number' &&
    'headers' in value &&
    typeof value.headers === 'object' &&
    'body' in value &&
    typeof value.body === 'string'
  );
}

function toBytes(payload: unknown): Buffer | undefined {
  if (payload === undefined || payload === null) return Buffer.alloc(0);
  if (typeof payload === 'string') return Buffer.from(payload);
  return payload instanceof Uint8Array ? Buffer.from(payload) : undefined;
}
