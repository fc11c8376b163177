import { createPrivateKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beaconProofBytes, isDeviceId, parseNonce, unlockChallengeBytes } from './beacon-auth.js';

const vectors = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../../docs/vectors/beacon-auth.json'), 'utf8'),
);

describe('the bytes of beacon authentication', () => {
  it('ORC-081 are those of the published vectors', () => {
    const { device_id, nonce, timestamp, signed_bytes_hex, public_key, private_key, valid_signatures } =
      vectors.beacon_proof;
    const bytes = beaconProofBytes({ deviceId: device_id, nonce: parseNonce(nonce)!, timestampS: timestamp });
    expect(bytes.toString('hex')).toBe(signed_bytes_hex);
    const raw = { key: public_key, dsaEncoding: 'ieee-p1363' as const };
    expect(verify('sha256', bytes, raw, Buffer.from(valid_signatures.raw_hex, 'hex'))).toBe(true);
    expect(verify('sha256', bytes, public_key, sign('sha256', bytes, createPrivateKey(private_key)))).toBe(true);
  });

  it('ORC-086 of unlock challenges are those of the published vectors', () => {
    const { nonce, timestamp, signed_bytes_hex, public_key, server_signature } = vectors.unlock_challenge;
    const bytes = unlockChallengeBytes(parseNonce(nonce)!, timestamp);
    expect(bytes.toString('hex')).toBe(signed_bytes_hex);
    const key = { key: public_key, dsaEncoding: 'ieee-p1363' as const };
    expect(verify('sha256', bytes, key, Buffer.from(server_signature, 'base64'))).toBe(true);
  });

  it.each(['', 'abc', 'AABB', 'zz00', 'aabbccddeeff001122331', 'a'.repeat(66)])('%j is no device id', (text) => {
    expect(isDeviceId(text)).toBe(false);
  });

  it.each(['', '00'.repeat(15), '00'.repeat(17), 'zz'.repeat(16)])('%j is no nonce', (text) => {
    expect(parseNonce(text)).toBeUndefined();
  });

  it('refuses to sign a nonce of another length', () => {
    expect(() => unlockChallengeBytes(Buffer.alloc(15), 1)).toThrow('16 bytes');
  });
});
