import { createHash, verify, type KeyObject } from 'node:crypto';
import { MusterError, type RegistrationProof } from '#libs/contracts';
import { readSignature, RAW_BYTES } from './signature.encoding.js';
import type { SigningKey } from './signing.key.js';

/** How far an X-Timestamp may be off, in both directions. */
const SKEW_S = 300;
const NONCE = /^[\x21-\x7e]{1,200}$/;

/** A good signature, as what is remembered of it. */
export interface AcceptedSignature {
  /** SHA-256 of key and r: the same for every encoding, and for the twin (r, n − s) that anybody can compute. */
  readonly digest: Buffer;
  /** When a timestamp makes it useless; null when it has none. */
  readonly forgetAt: Date | null;
}

/**
 * Checks a registration's signature over its raw body (decision C4), or over `timestamp\nnonce\nbody` when it has both headers.
 * @throws MusterError `AUTH_INVALID_SIGNATURE`
 */
export function checkSignature(proof: RegistrationProof, key: SigningKey, nowMs: number): AcceptedSignature {
  if (proof.signature === null) throw invalid('X-Signature is missing.');
  const stamp = stampOf(proof, nowMs);
  const message = Buffer.concat([Buffer.from(stamp?.prefix ?? ''), Buffer.from(proof.body_base64, 'base64')]);
  const good = readSignature(proof.signature).find((raw) => isSignatureOf(message, raw, key.key));
  if (!good) throw invalid('X-Signature does not fit the body and public_key.');
  const r = good.subarray(0, RAW_BYTES / 2);
  const digest = createHash('sha256').update(key.fingerprint).update(r).digest();
  return { digest, forgetAt: stamp ? new Date((stamp.seconds + 2 * SKEW_S) * 1000) : null };
}

/** Signed over its SHA-256 once, or twice as the public client does (facts 5). */
function isSignatureOf(message: Buffer, raw: Buffer, key: KeyObject): boolean {
  const withKey = { key, dsaEncoding: 'ieee-p1363' } as const;
  const hash = createHash('sha256').update(message).digest();
  return verify('sha256', message, withKey, raw) || verify('sha256', hash, withKey, raw);
}

function stampOf(
  { timestamp, nonce }: RegistrationProof,
  nowMs: number,
): { readonly prefix: string; readonly seconds: number } | undefined {
  if (timestamp === null && nonce === null) return undefined;
  if (timestamp === null || nonce === null) throw invalid('X-Timestamp and X-Nonce belong together.');
  if (!/^\d{1,12}$/.test(timestamp)) throw invalid('X-Timestamp must be Unix seconds.');
  if (!NONCE.test(nonce)) throw invalid('X-Nonce must be 1 to 200 visible ASCII characters.');
  const seconds = Number(timestamp);
  if (Math.abs(seconds - nowMs / 1000) > SKEW_S) throw invalid(`X-Timestamp is off by more than ${SKEW_S} seconds.`);
  return { prefix: `${timestamp}\n${nonce}\n`, seconds };
}

/** One code for every reason why a registration is not believed. */
export function invalid(message: string): MusterError {
  return new MusterError('AUTH_INVALID_SIGNATURE', message);
}
