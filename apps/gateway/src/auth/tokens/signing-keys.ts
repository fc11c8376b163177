import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { errors, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK, type JWTVerifyGetKey } from 'jose';
import type { SigningKey } from './signing-key.entity.js';
import { SigningKeyRepository, type NewSigningKey } from './signing-key.repository.js';

export const SIGNING_ALGORITHM = 'ES256';

const RELOAD_EVERY_MS = 60_000;
/** A forged `kid` must not turn every request into a query. */
const RELOAD_AT_MOST_EVERY_MS = 5_000;

interface LoadedKey {
  readonly kid: string;
  readonly publicJwk: JWK;
  readonly signWith: CryptoKey;
  readonly verifyWith: CryptoKey;
}

/** The keys of our own tokens, shared by all replicas through the schema. */
@Injectable()
export class SigningKeys implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(SigningKeys.name);
  /** Newest first. */
  private loaded: readonly LoadedKey[] = [];
  private loadedAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly repository: SigningKeyRepository) {}

  async onModuleInit(): Promise<void> {
    await this.repository.ensureOne(generateSigningKey);
    await this.reload();
    this.timer = setInterval(() => void this.refresh(), RELOAD_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** The newest key, which signs. */
  current(): Pick<LoadedKey, 'kid' | 'signWith'> {
    const [newest] = this.loaded;
    if (!newest) throw new Error('The signing keys are not loaded.');
    return newest;
  }

  /** Public halves in the form of `/.well-known/jwks.json`. */
  publicKeys(): { keys: JWK[] } {
    return { keys: this.loaded.map(({ publicJwk }) => publicJwk) };
  }

  /** Finds the key of a token; asks the database for one that another replica has just made. */
  readonly keyOf: JWTVerifyGetKey = async ({ kid }) => {
    const known = this.find(kid);
    if (known) return known.verifyWith;
    if (Date.now() - this.loadedAtMs > RELOAD_AT_MOST_EVERY_MS) await this.reload();
    const found = this.find(kid);
    if (!found) throw new errors.JWKSNoMatchingKey();
    return found.verifyWith;
  };

  private find(kid: string | undefined): LoadedKey | undefined {
    return this.loaded.find((key) => key.kid === kid);
  }

  private async reload(): Promise<void> {
    this.loadedAtMs = Date.now();
    const rows = await this.repository.active();
    this.loaded = await Promise.all(rows.map(load));
  }

  private async refresh(): Promise<void> {
    try {
      await this.reload();
    } catch (error) {
      this.logger.warn({ event: 'signing_keys_not_reloaded', error });
    }
  }
}

/** A fresh ES256 key pair with a random key id. */
export async function generateSigningKey(): Promise<NewSigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const header = { kid: randomUUID(), alg: SIGNING_ALGORITHM, use: 'sig' };
  return {
    kid: header.kid,
    privateJwk: { ...(await exportJWK(privateKey)), ...header },
    publicJwk: { ...(await exportJWK(publicKey)), ...header },
  };
}

async function load({ kid, privateJwk, publicJwk }: SigningKey): Promise<LoadedKey> {
  const [signWith, verifyWith] = await Promise.all([
    importJWK(privateJwk, SIGNING_ALGORITHM),
    importJWK(publicJwk, SIGNING_ALGORITHM),
  ]);
  if (signWith instanceof Uint8Array || verifyWith instanceof Uint8Array) {
    throw new TypeError(`signing key ${kid} is no asymmetric key`);
  }
  return { kid, publicJwk, signWith, verifyWith };
}
