import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ImportCounts, ImportDto, ImportEnd, ImportMode, ImportRef, ImportState } from '#libs/contracts';

interface ImportRecord extends ImportCounts {
  readonly importId: string;
  readonly entityId: string;
  readonly mode: ImportMode;
  readonly state: ImportState;
  readonly lastBatch: number;
  readonly error: string | null;
  readonly startedBy: string;
  readonly startedAt: Date;
  readonly touchedAt: Date;
  readonly finishedAt: Date | null;
}

/** An import and the batch that was stored last. */
export interface FoundImport {
  readonly dto: ImportDto;
  readonly lastBatch: number;
}

const COLUMNS = `"importId", "entityId", "mode", "state", "lastBatch", "rows", "created", "updated", "unchanged", "failed",
  "deleted", "error", "startedBy", "startedAt", "touchedAt", "finishedAt"`;

/** Counts one batch in the transaction that stores it; answers whether it is the next one of an import that runs. */
export async function countBatch(
  tx: EntityManager,
  importId: string,
  batch: number,
  counts: Omit<ImportCounts, 'deleted'>,
): Promise<boolean> {
  const { rows, created, updated, unchanged, failed } = counts;
  const [, found] = await tx.query<readonly [unknown, number]>(
    `UPDATE "orchestrators"."imports" SET "lastBatch" = $2, "rows" = "rows" + $3, "created" = "created" + $4,
       "updated" = "updated" + $5, "unchanged" = "unchanged" + $6, "failed" = "failed" + $7, "touchedAt" = now()
     WHERE "importId" = $1 AND "state" = 'running' AND "lastBatch" = $2 - 1`,
    [importId, batch, rows, created, updated, unchanged, failed],
  );
  return found > 0;
}

/** Counts deleted records; answers whether the import still runs. */
export async function countDeleted(tx: EntityManager, importId: string, deleted: number): Promise<boolean> {
  const [, found] = await tx.query<readonly [unknown, number]>(
    `UPDATE "orchestrators"."imports" SET "deleted" = "deleted" + $2, "touchedAt" = now()
     WHERE "importId" = $1 AND "state" = 'running'`,
    [importId, deleted],
  );
  return found > 0;
}

@Injectable()
export class ImportRepository {
  constructor(private readonly dataSource: DataSource) {}

  async insert(entityId: string, mode: ImportMode, by: string): Promise<ImportDto | undefined> {
    const [row] = await this.dataSource.query<readonly ImportRecord[]>(
      `INSERT INTO "orchestrators"."imports" ("importId", "entityId", "mode", "startedBy")
       SELECT $1, e."entityId", $3, $4 FROM "orchestrators"."entities" e WHERE e."entityId" = $2
       RETURNING ${COLUMNS}`,
      [crypto.randomUUID(), entityId, mode, by],
    );
    return row && toImportDto(row);
  }

  async find({ entity_id, import_id }: ImportRef): Promise<FoundImport | undefined> {
    const [row] = await this.dataSource.query<readonly ImportRecord[]>(
      `SELECT ${COLUMNS} FROM "orchestrators"."imports" WHERE "importId" = $1 AND "entityId" = $2`,
      [import_id, entity_id],
    );
    return row && { dto: toImportDto(row), lastBatch: row.lastBatch };
  }

  /** Newest first, after one of them. */
  async list(entityId: string, after: string | undefined, limit: number): Promise<readonly ImportDto[]> {
    const rows = await this.dataSource.query<readonly ImportRecord[]>(
      `SELECT ${COLUMNS} FROM "orchestrators"."imports" WHERE "entityId" = $1
         AND ($2::uuid IS NULL OR ("startedAt", "importId") <
              (SELECT "startedAt", "importId" FROM "orchestrators"."imports" WHERE "importId" = $2))
       ORDER BY "startedAt" DESC, "importId" DESC LIMIT $3`,
      [entityId, after, limit],
    );
    return rows.map(toImportDto);
  }

  /** Ends one that runs; one that is over stays as it is. */
  async end({ entity_id, import_id, state, error }: ImportEnd): Promise<void> {
    await this.dataSource.query(
      `UPDATE "orchestrators"."imports" SET "state" = $3, "error" = $4, "finishedAt" = now(), "touchedAt" = now()
       WHERE "importId" = $1 AND "entityId" = $2 AND "state" = 'running'`,
      [import_id, entity_id, state, error],
    );
  }

  /** Marks those of which nothing was heard for a while. */
  async interruptSilent(silentS: number): Promise<number> {
    const [, count] = await this.dataSource.query<readonly [unknown, number]>(
      `UPDATE "orchestrators"."imports"
       SET "state" = 'interrupted', "error" = 'Nothing more of the upload came.', "finishedAt" = now()
       WHERE "state" = 'running' AND "touchedAt" < now() - $1 * interval '1 second'`,
      [silentS],
    );
    return count;
  }

  /** Forgets reports older than that, `limit` rows at a time; answers whether there may be more. */
  async forget(days: number, limit: number): Promise<boolean> {
    const [old] = await this.dataSource.query<readonly { importId: string }[]>(
      `SELECT "importId" FROM "orchestrators"."imports"
       WHERE "startedAt" < now() - $1 * interval '1 day' ORDER BY "startedAt" LIMIT 1`,
      [days],
    );
    if (!old) return false;
    const [, count] = await this.dataSource.query<readonly [unknown, number]>(
      `DELETE FROM "orchestrators"."import_rows" WHERE "importId" = $1 AND "row" IN
         (SELECT "row" FROM "orchestrators"."import_rows" WHERE "importId" = $1 ORDER BY "row" LIMIT $2)`,
      [old.importId, limit],
    );
    if (count < limit) {
      await this.dataSource.query(`DELETE FROM "orchestrators"."imports" WHERE "importId" = $1`, [old.importId]);
    }
    return true;
  }
}

function toImportDto(row: ImportRecord): ImportDto {
  const { rows, created, updated, unchanged, failed, deleted } = row;
  return {
    import_id: row.importId,
    entity_id: row.entityId,
    mode: row.mode,
    state: row.state,
    counts: { rows, created, updated, unchanged, failed, deleted },
    error: row.error,
    started_by: row.startedBy,
    started_at: row.startedAt.toISOString(),
    updated_at: row.touchedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
  };
}
