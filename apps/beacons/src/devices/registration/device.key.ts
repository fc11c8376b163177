import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { invalidField } from '../device.errors.js';

const CURVE = 'prime256v1';
const RAW_SIGNATURE_BYTES = 64;
const MAX_SIGNATURE_CHARACTERS = 200;
const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Reads a P-256 key in SPKI PEM and writes it in its one canonical form. @throws MusterError `VALIDATION_FAILED` */
export function canonicalKey(pem: string): string {
  const given = publicKeyOf(pem);
  if (given?.asymmetricKeyType !== 'ec' || given.asymmetricKeyDetails?.namedCurve !== CURVE) {
    throw invalidField('public_key', 'must be a P-256 public key in SPKI PEM (-----BEGIN PUBLIC KEY-----)');
  }
  // By way of x and y, so that a compressed point is the same key.
  const key = createPublicKey({ key: given.export({ format: 'jwk' }), format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** Whether a signature (r‖s or DER, in base64, base64url or hex) over the bytes was made with the key. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  return readings(signature).some((candidate) => {
    const dsaEncoding = candidate.length === RAW_SIGNATURE_BYTES ? 'ieee-p1363' : 'der';
    return verify('sha256', bytes, { key: publicKey, dsaEncoding }, candidate);
  });
}

/** The id of a beacon that no record of the map names: the same device always gets the same one. */
export function beaconIdOf(entityId: string, deviceId: string): string {
  return `beacon-${createHash('sha256').update(`${entityId}/${deviceId}`).digest('hex').slice(0, 12)}`;
}

function publicKeyOf(pem: string): KeyObject | undefined {
  // A private key would be read, too, and its public half taken.
  if (!pem.trim().startsWith('-----BEGIN PUBLIC KEY-----')) return undefined;
  try {
    return createPublicKey({ key: pem.trim(), format: 'pem' });
  } catch {
    return undefined;
  }
}

/** Hex digits are base64, too: such a text is read both ways. */
function readings(signature: string): readonly Buffer[] {
  if (signature.length > MAX_SIGNATURE_CHARACTERS) return [];
  return [
    ...(HEX.test(signature) ? [Buffer.from(signature, 'hex')] : []),
    ...(BASE64.test(signature) ? [Buffer.from(signature, 'base64')] : []),
  ];
}
