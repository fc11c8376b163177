import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beaconIdOf, canonicalKey, isSignedBy } from './device.key.js';

const vectors = JSON.parse(readFileSync('docs/vectors/beacon-auth.json', 'utf8'));
const proof = vectors.beacon_proof;
const bytes = Buffer.from(proof.signed_bytes_hex, 'hex');

describe('keys of beacons', () => {
  it.each(Object.entries<string>(proof.valid_signatures))(
    'ORC-081 takes the vector’s signature as %s',
    (_form, signature) => {
      expect(isSignedBy(proof.public_key, bytes, signature)).toBe(true);
    },
  );

  it.each(Object.entries<string>(proof.invalid_signatures))(
    'ORC-081 refuses the vector’s signature that is %s',
    (_form, signature) => {
      expect(isSignedBy(proof.public_key, bytes, signature)).toBe(false);
    },
  );

  it('refuses garbage without failing', () => {
    for (const text of ['!!', '00', 'A'.repeat(86), '30'.repeat(70), 'x'.repeat(100_000)]) {
      expect(isSignedBy(proof.public_key, bytes, text)).toBe(false);
    }
  });

  it('one key in its compressed form is the same key', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const point = der.subarray(-65);
    const compressed = Buffer.concat([Buffer.from([2 + (point[64]! & 1)]), point.subarray(1, 33)]);
    const header = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([header, compressed]).toString('base64')}\n-----END PUBLIC KEY-----`;
    expect(createPublicKey(pem).asymmetricKeyType).toBe('ec');
    expect(canonicalKey(pem)).toBe(canonicalKey(String(publicKey.export({ type: 'spki', format: 'pem' }))));
  });

  it('makes the same id of the same device, and another one in another entity', () => {
    expect(beaconIdOf('mall-a', 'aabb')).toBe(beaconIdOf('mall-a', 'aabb'));
    expect(beaconIdOf('mall-b', 'aabb')).not.toBe(beaconIdOf('mall-a', 'aabb'));
  });
});
