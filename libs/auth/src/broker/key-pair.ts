import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { createUser, type KeyPair } from '@nats-io/nkeys';
import { fromNkeyText, toNkeyText } from './nkey-text.js';

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PRIVATE_KEY_PREFIX = 15 << 3;

/**
 * The nkey pair that a textual seed stands for. It signs with Node's own Ed25519: the library's is JavaScript, and
 * takes 30 ms of the event loop for each user that is minted.
 */
export function keyPair(seed: string): KeyPair {
  return new NativeKeyPair(seed);
}

/** The public id of the operator, account or user that a seed belongs to. */
export function publicKeyOf(seed: string): string {
  return keyPair(seed).getPublicKey();
}

/** A new pair of a user. */
export function newUserPair(): KeyPair {
  return keyPair(new TextDecoder().decode(createUser().getSeed()));
}

class NativeKeyPair implements KeyPair {
  private readonly privateKey: KeyObject;
  private readonly rawSeed: Uint8Array;
  private readonly rawPublicKey: Uint8Array;
  private readonly publicKey: string;

  constructor(private readonly seed: string) {
    const bytes = fromNkeyText(seed);
    const [kind = 0, role = 0] = bytes;
    if (seed.charAt(0) !== 'S' || bytes.length !== 34) throw new Error('an nkey seed has 32 bytes and begins with S');
    this.rawSeed = bytes.slice(2);
    const der = Buffer.concat([PKCS8_PREFIX, this.rawSeed]);
    this.privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const { x = '' } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    this.rawPublicKey = Buffer.from(x, 'base64url');
    // A seed's first two bytes interleave "this is a seed" with the role.
    const rolePrefix = ((kind & 7) << 5) | (role >> 3);
    this.publicKey = toNkeyText(Uint8Array.from([rolePrefix, ...this.rawPublicKey]));
  }

  getPublicKey(): string {
    return this.publicKey;
  }

  getPrivateKey(): Uint8Array {
    const bytes = Uint8Array.from([PRIVATE_KEY_PREFIX, ...this.rawSeed, ...this.rawPublicKey]);
    return new TextEncoder().encode(toNkeyText(bytes));
  }

  getSeed(): Uint8Array {
    return new TextEncoder().encode(this.seed);
  }

  sign(input: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, input, this.privateKey));
  }

  verify(input: Uint8Array, signature: Uint8Array): boolean {
    return verify(null, input, createPublicKey(this.privateKey), signature);
  }

  /** Keys live as long as the process; the caller drops its reference. */
  clear(): void {}

  seal(): Uint8Array {
    throw new Error('only curve keys seal');
  }

  open(): Uint8Array | null {
    throw new Error('only curve keys open');
  }
}
