import { generateKeyPairSync } from 'node:crypto';
import { newDeviceKeys } from '../../../../test/support/mall.js';
import { parseSigningKey, requireSigningKey } from './signing.key.js';

/** SPKI of an id-ecPublicKey on P-256, up to the point's bytes. */
const SPKI_OF_COMPRESSED = '3039301306072a8648ce3d020106082a8648ce3d030107032200';

const pemOf = (der: Buffer): string =>
  `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;

describe('keys of orchestrators', () => {
  it('one key has one fingerprint, however its PEM is written', () => {
    const { pem, publicKey } = newDeviceKeys();
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);

    const variants = [
      pem,
      pem.replaceAll('\n', '\r\n'),
      `\n${pem.trim()}`,
      pemOf(Buffer.concat([Buffer.from(SPKI_OF_COMPRESSED, 'hex'), compress(point)])),
    ];
    const fingerprints = new Set(variants.map((each) => requireSigningKey(each).fingerprint));
    expect(fingerprints.size).toBe(1);
    expect([...fingerprints][0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('anything but a public key on P-256 is refused with its field', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    const secret = newDeviceKeys().privateKey.export({ type: 'pkcs8', format: 'pem' });
    const others = [newDeviceKeys('P-384').pem, newDeviceKeys('secp256k1').pem, String(rsa), String(secret), '', 'key'];
    for (const pem of others) {
      expect(parseSigningKey(pem)).toBeUndefined();
      expect(() => requireSigningKey(pem)).toThrow(
        expect.objectContaining({
          code: 'VALIDATION_FAILED',
          details: { fields: [expect.objectContaining({ field: 'public_key' })] },
        }),
      );
    }
  });
});

/** The x coordinate, and whether y is odd. */
function compress(point: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(point[64]! & 1) === 0 ? 2 : 3]), point.subarray(1, 33)]);
}
