import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { MusterError } from '#libs/contracts';

const CURVE = 'prime256v1';
const LABEL = '-----BEGIN PUBLIC KEY-----';

/** An orchestrator's public key on P-256. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly pem: string;
  /** SHA-256 of the SPKI in DER, in hex; the same for every way to write the key. */
  readonly fingerprint: string;
}

/** Reads a P-256 key in SPKI PEM; `undefined` when it is anything else. */
export function parseSigningKey(pem: string): SigningKey | undefined {
  if (!pem.trim().startsWith(LABEL)) return undefined;
  try {
    const given = createPublicKey({ key: pem.trim(), format: 'pem' });
    if (given.asymmetricKeyType !== 'ec' || given.asymmetricKeyDetails?.namedCurve !== CURVE) return undefined;
    // By way of x and y, so that a compressed point is the same key.
    const key = createPublicKey({ key: given.export({ format: 'jwk' }), format: 'jwk' });
    const der = key.export({ type: 'spki', format: 'der' });
    return {
      key,
      pem: String(key.export({ type: 'spki', format: 'pem' })),
      fingerprint: createHash('sha256').update(der).digest('hex'),
    };
  } catch {
    return undefined;
  }
}

/** @throws MusterError `VALIDATION_FAILED` when it is no P-256 key in SPKI PEM. */
export function requireSigningKey(pem: string): SigningKey {
  const key = parseSigningKey(pem);
  if (key) return key;
  const problems = ['must be a P-256 public key in SPKI PEM (-----BEGIN PUBLIC KEY-----)'];
  throw new MusterError('VALIDATION_FAILED', `public_key ${problems[0]}.`, {
    fields: [{ field: 'public_key', problems }],
  });
}
