import fc from 'fast-check';
import type { RegistrationProof } from '#libs/contracts';
import { newDeviceKeys, signatureOf, type SignatureForm } from '../../../../test/support/mall.js';
import { checkSignature } from './signature.check.js';
import { readSignature } from './signature.encoding.js';
import { requireSigningKey } from './signing.key.js';

const NOW_MS = Date.parse('2026-11-21T04:00:00Z');
const NOW_S = NOW_MS / 1000;
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

const keys = newDeviceKeys();
const key = requireSigningKey(keys.pem);
const REFUSED = { code: 'AUTH_INVALID_SIGNATURE' };

const proofOf = (body: string, more: Partial<RegistrationProof> = {}): RegistrationProof => ({
  body_base64: Buffer.from(body).toString('base64'),
  signature: null,
  timestamp: null,
  nonce: null,
  ...more,
});
const check = (proof: RegistrationProof) => checkSignature(proof, key, NOW_MS);

const FORMS = fc.record({
  form: fc.constantFrom('der' as const, 'raw' as const),
  text: fc.constantFrom('base64' as const, 'base64url' as const, 'hex' as const),
  isHashedTwice: fc.boolean(),
});

describe('signatures of registrations', () => {
  it('ORC-011 a signature over the raw body is good in every encoding, hashed once or twice', () => {
    fc.assert(
      fc.property(fc.string(), FORMS, (body, form) => {
        const signature = signatureOf(body, keys.privateKey, form);
        expect(check(proofOf(body, { signature })).forgetAt).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('ORC-011 one changed bit of the body, or another key, is refused', () => {
    const stranger = newDeviceKeys();
    const bodies = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(bodies, fc.nat(), fc.nat(7), FORMS, (body, at, bit, form) => {
        const signature = signatureOf(body, keys.privateKey, form);
        const changed = Buffer.from(body);
        changed[at % changed.length]! ^= 1 << bit;
        const proof = { ...proofOf('', { signature }), body_base64: changed.toString('base64') };
        expect(() => check(proof)).toThrow(expect.objectContaining(REFUSED));
        const foreign = signatureOf(body, stranger.privateKey, form);
        const own = { ...proof, body_base64: Buffer.from(body).toString('base64'), signature: foreign };
        expect(() => check(own)).toThrow(expect.objectContaining(REFUSED));
      }),
      { numRuns: 60 },
    );
  });

  it('any text is refused as a signature, and fails in no other way', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.base64String({ maxLength: 200 }),
      fc.constant('0'.repeat(128)),
    );
    fc.assert(
      fc.property(texts, (signature) => {
        expect(() => check(proofOf('{}', { signature }))).toThrow(expect.objectContaining(REFUSED));
      }),
    );
  });

  it('no signature is refused', () => {
    expect(() => check(proofOf('{}'))).toThrow(expect.objectContaining(REFUSED));
  });

  it('a DER with anything before, between or after its numbers is none', () => {
    const der = Buffer.from(signatureOf('x', keys.privateKey, { form: 'der', text: 'hex' }), 'hex');
    const variants = [
      Buffer.concat([der, Buffer.from([0])]),
      Buffer.concat([Buffer.from([0]), der]),
      Buffer.concat([der.subarray(0, 1), Buffer.from([der[1]! + 1]), der.subarray(2), Buffer.from([0])]),
      der.subarray(0, der.length - 1),
    ];
    expect(readSignature(der.toString('base64'))).toHaveLength(1);
    for (const variant of variants) expect(readSignature(variant.toString('base64'))).toEqual([]);
  });

  describe('what is remembered', () => {
    it('is the same for every encoding and for the twin that anybody can compute, and different for a new signature', () => {
      const raw = Buffer.from(signatureOf('body', keys.privateKey, { form: 'raw', text: 'hex' }), 'hex');
      const s = ORDER - BigInt(`0x${raw.subarray(32).toString('hex')}`);
      const twin = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
      const [first, second, third] = [raw.toString('base64'), raw.toString('hex'), twin.toString('base64url')].map(
        (signature) => check(proofOf('body', { signature })).digest.toString('hex'),
      );
      expect(second).toBe(first);
      expect(third).toBe(first);
      const other = check(proofOf('body', { signature: signatureOf('body', keys.privateKey) })).digest;
      expect(other.toString('hex')).not.toBe(first);
    });
  });

  describe('with X-Timestamp and X-Nonce', () => {
    const stamped = (seconds: number, nonce = 'n-1', form: SignatureForm = {}): RegistrationProof => {
      const signature = signatureOf(`${seconds}\n${nonce}\nbody`, keys.privateKey, form);
      return proofOf('body', { signature, timestamp: String(seconds), nonce });
    };

    it('the signature covers all three, and is forgotten when its time is over', () => {
      expect(check(stamped(NOW_S)).forgetAt!.getTime()).toBeGreaterThan((NOW_S + 300) * 1000);
      expect(check(stamped(NOW_S, 'n-1', { isHashedTwice: true, form: 'raw' })).forgetAt).not.toBeNull();
      for (const change of [{ nonce: 'n-2' }, { timestamp: String(NOW_S + 1) }, { timestamp: null, nonce: null }]) {
        expect(() => check({ ...stamped(NOW_S), ...change })).toThrow(expect.objectContaining(REFUSED));
      }
    });

    it.each([-300, 300])('a clock that is off by %i seconds passes', (offS) => {
      expect(check(stamped(NOW_S + offS)).digest).toHaveLength(32);
    });

    it.each([-301, 301, 1e9])('a clock that is off by %i seconds does not', (offS) => {
      expect(() => check(stamped(NOW_S + offS))).toThrow(expect.objectContaining(REFUSED));
    });

    it('one header without the other is refused', () => {
      for (const change of [{ nonce: null }, { timestamp: null }, { timestamp: '2026-11-21T04:00:00Z' }]) {
        expect(() => check({ ...stamped(NOW_S), ...change })).toThrow(expect.objectContaining(REFUSED));
      }
    });
  });
});
