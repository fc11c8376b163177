import { createAccount, createOperator, createUser, fromPublic } from '@nats-io/nkeys';
import { keyPair, newUserPair } from './key-pair.js';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const message = new TextEncoder().encode('a message');

describe('a key pair', () => {
  it.each([
    ['operator', createOperator()],
    ['account', createAccount()],
    ['user', createUser()],
  ])("of an %s agrees with the nkeys library's", (_, reference) => {
    const own = keyPair(textOf(reference.getSeed()));
    expect(own.getPublicKey()).toBe(reference.getPublicKey());
    expect(textOf(own.getPrivateKey())).toBe(textOf(reference.getPrivateKey()));
    expect(Buffer.from(own.sign(message))).toEqual(Buffer.from(reference.sign(message)));
    expect(own.verify(message, reference.sign(message))).toBe(true);
    expect(own.verify(new TextEncoder().encode('another'), reference.sign(message))).toBe(false);
  });

  it('of a new user is another one every time and verifies by its public id', () => {
    const [one, other] = [newUserPair(), newUserPair()];
    expect(one.getPublicKey()).toMatch(/^U[A-Z2-7]{55}$/);
    expect(one.getPublicKey()).not.toBe(other.getPublicKey());
    expect(fromPublic(one.getPublicKey()).verify(message, one.sign(message))).toBe(true);
  });

  it.each(['', 'SU', 'no nkey', createUser().getPublicKey(), textOf(createUser().getSeed()).replace(/.$/, 'A0')])(
    'is not made of "%s"',
    (text) => {
      expect(() => keyPair(text)).toThrow(/nkey/);
    },
  );
});
