import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JsonObject } from '#libs/contracts';
import { type PlatformKey, PlatformKeyRepository } from './platform-key.repository.js';

const RSA_BITS = 3_072;
const SECRET_BYTES = 32;
const generate = promisify(generateKeyPair);

/** A pair of keys and its id, the beginning of the public key's SHA-256. */
export interface KeyPair {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** The public half, as it is published. */
export interface PublishedKey {
  readonly key_id: string;
  readonly public_key: string;
  readonly jwk: JsonObject;
}

interface Loaded {
  readonly accessLogs: KeyPair;
  readonly unlocks: KeyPair;
  readonly challenges: Buffer;
}

/** The platform's keys towards beacons, the same on every replica. */
@Injectable()
export class PlatformKeys implements OnModuleInit {
  private loaded: Loaded | undefined;

  constructor(private readonly keys: PlatformKeyRepository) {}

  async onModuleInit(): Promise<void> {
    const accessLogs = toPair(await this.keys.ensure('access-logs', makeRsa));
    const unlocks = toPair(await this.keys.ensure('unlocks', makeP256));
    const { secret } = await this.keys.ensure('challenges', makeSecret);
    this.loaded = { accessLogs, unlocks, challenges: Buffer.from(secret, 'base64') };
  }

  /** RSA, decrypts access logs. */
  get accessLogs(): KeyPair {
    return this.require().accessLogs;
  }

  /** P-256, signs unlock challenges. */
  get unlocks(): KeyPair {
    return this.require().unlocks;
  }

  /** Marks the nonces of challenges as ours. */
  get challenges(): Buffer {
    return this.require().challenges;
  }

  private require(): Loaded {
    if (this.loaded) return this.loaded;
    throw new Error('The platform keys are not loaded.');
  }
}

export function published({ keyId, privateKey }: KeyPair): PublishedKey {
  const publicKey = createPublicKey(privateKey);
  return {
    key_id: keyId,
    public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: keyId },
  };
}

function toPair({ keyId, secret }: PlatformKey): KeyPair {
  return { keyId, privateKey: createPrivateKey(secret) };
}

async function makeRsa(): Promise<PlatformKey> {
  return toPlatformKey(await generate('rsa', { modulusLength: RSA_BITS }));
}

async function makeP256(): Promise<PlatformKey> {
  return toPlatformKey(await generate('ec', { namedCurve: 'prime256v1' }));
}

function makeSecret(): Promise<PlatformKey> {
  return Promise.resolve({ keyId: 'challenges', secret: randomBytes(SECRET_BYTES).toString('base64') });
}

function toPlatformKey({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): PlatformKey {
  const digest = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    keyId: digest.digest('hex').slice(0, 16),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
