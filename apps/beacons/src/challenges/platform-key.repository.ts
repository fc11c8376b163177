import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What a key of the platform is for. */
export type KeyPurpose = 'access-logs' | 'challenges' | 'unlocks';

export interface PlatformKey {
  readonly keyId: string;
  /** A private key as PKCS #8 PEM, or random bytes in base64. */
  readonly secret: string;
}

/** Keys that all replicas share. */
@Injectable()
export class PlatformKeyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The key of a purpose, made when there is none; of several replicas that ask at once, one makes it. */
  async ensure(purpose: KeyPurpose, make: () => Promise<PlatformKey>): Promise<PlatformKey> {
    return (await this.find(purpose)) ?? (await this.insert(purpose, await make()));
  }

  private async find(purpose: KeyPurpose): Promise<PlatformKey | undefined> {
    const [key] = await this.dataSource.query<readonly PlatformKey[]>(
      `SELECT "keyId", "secret" FROM "beacons"."platform_keys" WHERE "purpose" = $1`,
      [purpose],
    );
    return key;
  }

  private async insert(purpose: KeyPurpose, { keyId, secret }: PlatformKey): Promise<PlatformKey> {
    await this.dataSource.query(
      `INSERT INTO "beacons"."platform_keys" ("purpose", "keyId", "secret") VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [purpose, keyId, secret],
    );
    const kept = await this.find(purpose);
    if (!kept) throw new Error(`There is no key for ${purpose}.`);
    return kept;
  }
}
