import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 8;
const MARK_BYTES = 8;

/** Who a challenge is for, and when it was made. */
export interface NonceScope {
  readonly entityId: string;
  readonly deviceId: string;
  /** Unix seconds. */
  readonly timestampS: number;
}

/**
 * A nonce of 16 bytes that the platform knows again without having kept it: 8 random bytes and 8 of an HMAC over them and
 * the scope. So whoever asks for challenges, known or not, costs no row.
 */
export function makeNonce(secret: Uint8Array, scope: NonceScope): Buffer {
  const random = randomBytes(RANDOM_BYTES);
  return Buffer.concat([random, markOf(secret, scope, random)]);
}

/** Whether the nonce was made with the secret for exactly this scope. */
export function isOwnNonce(secret: Uint8Array, scope: NonceScope, nonce: Uint8Array): boolean {
  const mark = nonce.subarray(RANDOM_BYTES);
  return mark.length === MARK_BYTES && timingSafeEqual(mark, markOf(secret, scope, nonce.subarray(0, RANDOM_BYTES)));
}

function markOf(secret: Uint8Array, { entityId, deviceId, timestampS }: NonceScope, random: Uint8Array): Buffer {
  const hmac = createHmac('sha256', secret)
    .update(JSON.stringify([entityId, deviceId, timestampS]))
    .update(random);
  return hmac.digest().subarray(0, MARK_BYTES);
}
