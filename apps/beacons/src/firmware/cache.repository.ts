import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { StoredFile } from '#libs/contracts';

/** A file that an entity's orchestrator brought along. */
export interface CachedFile {
  readonly entityId: string;
  readonly firmwareId: string;
  readonly target: string;
  readonly objectName: string;
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly expiresAt: Date;
}

export interface NewCachedFile {
  readonly entityId: string;
  readonly firmwareId: string;
  readonly target: string;
  readonly file: StoredFile;
  readonly by: string;
  readonly days: number;
}

/** Of one entity; it is a cache, so the oldest goes first. */
const KEPT_PER_ENTITY = 50;

const SELECT = `
  SELECT "entityId", "firmwareId", "target", "objectName", "sizeBytes", "checksum", "expiresAt"
  FROM "beacons"."firmware_caches"`;

@Injectable()
export class CacheRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** What an entity has under this id; null finds the newest of any entity. */
  async find(firmwareId: string, entityId: string | null): Promise<CachedFile | undefined> {
    const [row] = await this.dataSource.query<readonly CachedFile[]>(
      `${SELECT} WHERE "firmwareId" = $1 AND ($2::text IS NULL OR "entityId" = $2) AND "expiresAt" > now()
       ORDER BY "createdAt" DESC LIMIT 1`,
      [firmwareId, entityId],
    );
    return row;
  }

  /** Keeps the file, or the same one for longer; undefined when the entity has another one of this id. */
  async keep({ entityId, firmwareId, target, file, by, days }: NewCachedFile): Promise<CachedFile | undefined> {
    const [row] = await this.dataSource.query<readonly CachedFile[]>(
      `INSERT INTO "beacons"."firmware_caches" AS c ("entityId", "firmwareId", "target", "objectName", "sizeBytes",
         "checksum", "cachedBy", "expiresAt")
       VALUES ($1, $2, $3, $4, $5, $6, $7, date_trunc('milliseconds', now()) + make_interval(days => $8))
       ON CONFLICT ("entityId", "firmwareId") DO UPDATE
         SET "expiresAt" = EXCLUDED."expiresAt", "cachedBy" = EXCLUDED."cachedBy", "checksum" = EXCLUDED."checksum",
             "target" = EXCLUDED."target", "sizeBytes" = EXCLUDED."sizeBytes",
             "objectName" = CASE WHEN c."checksum" = EXCLUDED."checksum" THEN c."objectName" ELSE EXCLUDED."objectName" END
         WHERE c."checksum" = EXCLUDED."checksum" OR c."expiresAt" <= now()
       RETURNING "entityId", "firmwareId", "target", "objectName", "sizeBytes", "checksum", "expiresAt"`,
      [entityId, firmwareId, target, file.object_name, file.size_bytes, file.checksum, by, days],
    );
    if (row) await this.trim(entityId);
    return row;
  }

  /** Forgets every copy of a file that everybody can have now. */
  async release(tx: EntityManager, firmwareId: string, checksum: string): Promise<void> {
    await tx.query(`DELETE FROM "beacons"."firmware_caches" WHERE "firmwareId" = $1 AND "checksum" = $2`, [
      firmwareId,
      checksum,
    ]);
  }

  async expire(): Promise<void> {
    await this.dataSource.query(`DELETE FROM "beacons"."firmware_caches" WHERE "expiresAt" <= now()`);
  }

  private async trim(entityId: string): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM "beacons"."firmware_caches"
       WHERE "entityId" = $1 AND "firmwareId" IN (
         SELECT "firmwareId" FROM "beacons"."firmware_caches" WHERE "entityId" = $1
         ORDER BY "createdAt" DESC, "firmwareId" OFFSET ${KEPT_PER_ENTITY})`,
      [entityId],
    );
  }
}
