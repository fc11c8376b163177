import type { Metadata } from '@grpc/grpc-js';
import { HTTP_HEADERS } from '#libs/contracts';

/** What a call may say beside its message; everything else is between the two ends of the connection. */
const PASSED: readonly string[] = [
  'authorization',
  HTTP_HEADERS.requestId,
  HTTP_HEADERS.entityId,
  HTTP_HEADERS.orchestratorId,
  HTTP_HEADERS.signature,
  HTTP_HEADERS.timestamp,
  HTTP_HEADERS.nonce,
  HTTP_HEADERS.idempotencyKey,
  HTTP_HEADERS.lastEventId,
];

/** The metadata of a call as the headers of a request. */
export function headersOf(metadata: Metadata): Readonly<Record<string, string>> {
  const pairs = PASSED.flatMap((name) => {
    const [value] = metadata.get(name);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(pairs);
}
