import { DataSource } from 'typeorm';
import { checksumBytes, type Collection, recordChecksum } from '#libs/contracts';
import { migrateSchema, toDataSourceOptions } from '#libs/database';
import { Orchestrators0001 } from '../../apps/orchestrators/src/migrations/0001-entities.js';
import { Orchestrators0006 } from '../../apps/orchestrators/src/migrations/0006-sync.js';
import { createTestDatabase, type TestDatabase } from './database.js';

/** One change: a record as it shall be, or null to delete it. */
export interface MallChange {
  readonly collection: Collection;
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>> | null;
}

/** The tables of the orchestrators' records on a database of its own, written to as the service does. */
export class MallRecords {
  private constructor(
    readonly database: TestDatabase,
    readonly dataSource: DataSource,
  ) {}

  static async open(poolSize = 6): Promise<MallRecords> {
    const database = await createTestDatabase();
    const options = toDataSourceOptions({ url: database.url, applicationName: 'spec', poolSize });
    const dataSource = await new DataSource(options).initialize();
    await migrateSchema(dataSource, { schema: 'orchestrators', migrations: [Orchestrators0001, Orchestrators0006] });
    return new MallRecords(database, dataSource);
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.dataSource.query(sql, parameters);
  }

  async entity(entityId: string): Promise<void> {
    await this.query(`INSERT INTO "orchestrators"."entities" ("entityId", "name") VALUES ($1, $1)`, [entityId]);
  }

  /** Applies changes in one transaction; answers the last change's sequence. A deletion of nothing changes nothing. */
  change(entityId: string, changes: readonly MallChange[]): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const [entity] = await tx.query(
        `SELECT "changeSeq", greatest(date_trunc('milliseconds', clock_timestamp()), "changedAt" + interval '1 ms') AS "at"
         FROM "orchestrators"."entities" WHERE "entityId" = $1 FOR NO KEY UPDATE`,
        [entityId],
      );
      let seq: number = entity.changeSeq;
      const at: Date = entity.at;
      for (const { collection, id, record } of changes) {
        const [before] = await tx.query(
          `SELECT "operation", "dataJson" FROM "orchestrators"."record_versions"
           WHERE "entityId" = $1 AND "collection" = $2 AND "recordId" = $3 AND "toSeq" IS NULL`,
          [entityId, collection, id],
        );
        const exists = before !== undefined && before.operation !== 'delete';
        if (record === null && !exists) continue;
        seq++;
        const written = exists ? 'update' : 'create';
        await tx.query(
          `UPDATE "orchestrators"."record_versions" SET "toSeq" = $4
           WHERE "entityId" = $1 AND "collection" = $2 AND "recordId" = $3 AND "toSeq" IS NULL`,
          [entityId, collection, id, seq],
        );
        const createdAt = exists ? before.dataJson.created_at : at.toISOString();
        const data = record && { id, ...record, created_at: createdAt, updated_at: at.toISOString() };
        await tx.query(
          `INSERT INTO "orchestrators"."record_versions"
             ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [
            entityId,
            collection,
            id,
            seq,
            data === null ? 'delete' : written,
            data === null ? null : JSON.stringify(data),
            data === null ? null : checksumBytes(recordChecksum(data)),
            at,
          ],
        );
      }
      await tx.query(`UPDATE "orchestrators"."entities" SET "changeSeq" = $2, "changedAt" = $3 WHERE "entityId" = $1`, [
        entityId,
        seq,
        at,
      ]);
      return seq;
    });
  }
}
