import { createHash } from 'node:crypto';

/** A caller's promise that the same key means the same request. */
export interface IdempotencyKey {
  readonly principal: string;
  readonly key: string;
  readonly bodyHash: string;
}

/** SHA-256, hex, of a request's JSON with sorted keys: the order in which a client writes its fields says nothing. */
export function bodyHashOf(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body, (_key, value: unknown) => sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
