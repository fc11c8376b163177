/** Bytes of a nonce. */
export const NONCE_BYTES = 16;

/** How long a challenge may be answered. */
export const CHALLENGE_LIFE_S = 60;

const DOMAIN = Buffer.from('muster-beacon-auth-v1\0', 'ascii');
const DEVICE_ID = /^[0-9a-f]{4,64}$/;
const NONCE = /^[0-9a-f]{32}$/i;

/** Whether `value` is a device's id: 4 to 64 hex digits, an even number of them, in lower case. */
export function isDeviceId(value: unknown): value is string {
  return typeof value === 'string' && DEVICE_ID.test(value) && value.length % 2 === 0;
}

/** The 16 bytes of a nonce in hex; `undefined` when it is none. */
export function parseNonce(text: string): Buffer | undefined {
  return NONCE.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** What a beacon signs to prove who it is. */
export interface BeaconProof {
  readonly deviceId: string;
  readonly nonce: Uint8Array;
  /** Unix seconds of the challenge. */
  readonly timestampS: number;
}

/**
 * The bytes that a beacon signs with ECDSA P-256 and SHA-256: `muster-beacon-auth-v1`, 0x00, the length of the device id
 * (u8), the device id (ASCII), the nonce (16), the challenge's timestamp (u64, big-endian, Unix seconds).
 */
export function beaconProofBytes({ deviceId, nonce, timestampS }: BeaconProof): Buffer {
  const id = Buffer.from(deviceId, 'ascii');
  return Buffer.concat([DOMAIN, Buffer.from([id.length]), id, requireNonce(nonce), u64(timestampS)]);
}

/** The bytes that the platform signs for a phone: the nonce (16), the timestamp (u64, big-endian, Unix seconds). */
export function unlockChallengeBytes(nonce: Uint8Array, timestampS: number): Buffer {
  return Buffer.concat([requireNonce(nonce), u64(timestampS)]);
}

function requireNonce(nonce: Uint8Array): Uint8Array {
  if (nonce.length === NONCE_BYTES) return nonce;
  throw new TypeError(`A nonce has ${NONCE_BYTES} bytes, not ${nonce.length}.`);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A beacon that proved who it is. */
export interface BeaconGrant {
  readonly beacon_id: string;
  readonly entity_id: string;
  readonly device_id: string;
  /** One for all tokens of the beacon, until its key, its approval or its entity goes. */
  readonly grant_id: string;
}
