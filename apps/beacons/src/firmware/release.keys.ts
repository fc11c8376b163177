import { createPublicKey, createSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { FirmwareKeyDto } from '#libs/contracts';

interface ReleaseKey {
  readonly keyId: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** Signs the file that is fed to it. */
export interface FileSignature {
  readonly keyId: string;
  update(chunk: Uint8Array): void;
  /** ECDSA P-256 over SHA-256, DER, base64. */
  end(): string;
}

/** The platform's keys for firmware, shared by all replicas through the schema; the private halves stay in this service. */
@Injectable()
export class ReleaseKeys {
  constructor(private readonly dataSource: DataSource) {}

  /** With the newest key that is not retired; makes the first one. */
  async sign(): Promise<FileSignature> {
    const { keyId, privateKeyPem } = await this.current();
    const sign = createSign('sha256');
    return { keyId, update: (chunk) => void sign.update(chunk), end: () => sign.sign(privateKeyPem, 'base64') };
  }

  /** Every key, newest first: what a retired one has signed stays valid. */
  async published(): Promise<FirmwareKeyDto[]> {
    await this.current();
    const keys = await this.dataSource.query<readonly ReleaseKey[]>(
      `SELECT "keyId", "publicKeyPem" FROM "beacons"."firmware_keys" ORDER BY "createdAt" DESC`,
    );
    return keys.map(toJwk);
  }

  private async current(): Promise<ReleaseKey> {
    return (await this.newest()) ?? (await this.create());
  }

  private async newest(manager = this.dataSource.manager): Promise<ReleaseKey | undefined> {
    const [key] = await manager.query<readonly ReleaseKey[]>(
      `SELECT "keyId", "privateKeyPem", "publicKeyPem" FROM "beacons"."firmware_keys"
       WHERE "retiredAt" IS NULL ORDER BY "createdAt" DESC LIMIT 1`,
    );
    return key;
  }

  /** Of several replicas that need a first key at once, one makes it. */
  private create(): Promise<ReleaseKey> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.beacons.firmwareKeys', 0))`);
      const made = (await this.newest(tx)) ?? newKey();
      await tx.query(
        `INSERT INTO "beacons"."firmware_keys" ("keyId", "privateKeyPem", "publicKeyPem") VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING`,
        [made.keyId, made.privateKeyPem, made.publicKeyPem],
      );
      return made;
    });
  }
}

function newKey(): ReleaseKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { keyId: `fwk-${randomUUID()}`, privateKeyPem: privateKey, publicKeyPem: publicKey };
}

function toJwk({ keyId, publicKeyPem }: ReleaseKey): FirmwareKeyDto {
  const { kty = '', crv = '', x = '', y = '' } = createPublicKey(publicKeyPem).export({ format: 'jwk' });
  return { kid: keyId, kty, crv, x, y, alg: 'ES256', use: 'sig', pem: publicKeyPem };
}
