import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Collection, ImportPlace, ImportPruning, ImportResult, ImportRowDto } from '#libs/contracts';
import { unnest } from '#libs/database';

/** Writes down what became of rows, in the transaction that stores them. */
export async function insertRows(tx: EntityManager, importId: string, rows: readonly ImportRowDto[]): Promise<void> {
  const values = unnest(
    rows,
    {
      row: { type: 'int4', value: (row) => row.row },
      collection: { type: 'text', value: (row) => row.collection },
      recordId: { type: 'text', value: (row) => row.id },
      result: { type: 'text', value: (row) => row.result },
      error: { type: 'text', value: (row) => row.error },
    },
    2,
  );
  await tx.query(
    `INSERT INTO "orchestrators"."import_rows" ("importId", "row", "collection", "recordId", "result", "error")
     SELECT $1::uuid, r."row", r."collection", r."recordId", r."result", r."error" FROM ${values.sql}`,
    [importId, ...values.parameters],
  );
}

interface PresentRecord {
  readonly collection: Collection;
  readonly recordId: string;
  readonly isImported: boolean;
}

/** Rows of imports. */
@Injectable()
export class ImportRowRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** In the order of the upload. */
  list(
    importId: string,
    after: number,
    limit: number,
    result: ImportResult | undefined,
  ): Promise<readonly ImportRowDto[]> {
    return this.dataSource.query<readonly ImportRowDto[]>(
      `SELECT "row", "collection", "recordId" AS "id", "result", "error" FROM "orchestrators"."import_rows"
       WHERE "importId" = $1 AND "row" > $2 AND ($3::text IS NULL OR "result" = $3) ORDER BY "row" LIMIT $4`,
      [importId, after, result, limit],
    );
  }

  /** Whether every row said which record it is: else nobody knows what the upload had. */
  async isWhole(importId: string): Promise<boolean> {
    const rows = await this.dataSource.query<readonly unknown[]>(
      `SELECT 1 FROM "orchestrators"."import_rows" WHERE "importId" = $1 AND "recordId" IS NULL LIMIT 1`,
      [importId],
    );
    return rows.length === 0;
  }

  /** The next `limit` records of an entity's collections after a place, and whether the import had them. */
  present(
    { entity_id, import_id, collections, after }: ImportPruning,
    limit: number,
  ): Promise<readonly PresentRecord[]> {
    const { collection, record_id }: ImportPlace = after ?? { collection: '', record_id: '' };
    return this.dataSource.query<readonly PresentRecord[]>(
      `SELECT v."collection", v."recordId", EXISTS (
         SELECT 1 FROM "orchestrators"."import_rows" i
         WHERE i."importId" = $2 AND i."collection" = v."collection" AND i."recordId" = v."recordId") AS "isImported"
       FROM "orchestrators"."record_versions" v
       WHERE v."entityId" = $1 AND v."toSeq" IS NULL AND v."operation" <> 'delete' AND v."collection" = ANY($3::text[])
         AND (v."collection", v."recordId") > ($4, $5)
       ORDER BY v."collection", v."recordId" LIMIT $6`,
      [entity_id, import_id, collections, collection, record_id, limit],
    );
  }
}
