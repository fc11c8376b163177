import { fromSeed, type KeyPair } from '@nats-io/nkeys';

/** The nkey pair that a textual seed stands for. */
export function keyPair(seed: string): KeyPair {
  return fromSeed(new TextEncoder().encode(seed));
}

/** The public id of the operator, account or user that a seed belongs to. */
export function publicKeyOf(seed: string): string {
  return keyPair(seed).getPublicKey();
}
