import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockEntity } from '../entities/entity.repository.js';

interface Horizon {
  readonly seq: number;
  readonly changedAt: Date;
}

/** Forgets what records were, and that they were deleted. */
@Injectable()
export class HistoryRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Entities after one, in the order of their ids. */
  async entitiesAfter(entityId: string, limit: number): Promise<readonly string[]> {
    const rows = await this.dataSource.query<readonly { entityId: string }[]>(
      `SELECT "entityId" FROM "orchestrators"."entities" WHERE "entityId" > $1 ORDER BY "entityId" LIMIT $2`,
      [entityId, limit],
    );
    return rows.map((row) => row.entityId);
  }

  /**
   * Forgets versions that were replaced, and deletions that were made, more than `days` ago, at most `limit` of each, and moves
   * the entity's horizon with them; answers whether there are more.
   */
  async forget(entityId: string, days: number, limit: number): Promise<boolean> {
    const [horizon] = await this.dataSource.query<readonly Horizon[]>(HORIZON, [entityId, days]);
    if (!horizon || !(await this.hasOlder(entityId, horizon))) return false;
    return this.dataSource.transaction(async (tx) => {
      await lockEntity(tx, entityId);
      return prune(tx, entityId, horizon, limit);
    });
  }

  private async hasOlder(entityId: string, { seq }: Horizon): Promise<boolean> {
    const [row] = await this.dataSource.query<readonly { found: boolean }[]>(
      `SELECT EXISTS (SELECT 1 ${REPLACED}) OR EXISTS (SELECT 1 ${DELETED}) AS "found"`,
      [entityId, seq],
    );
    return row?.found ?? false;
  }
}

async function prune(
  tx: EntityManager,
  entityId: string,
  { seq, changedAt }: Horizon,
  limit: number,
): Promise<boolean> {
  const [gone] = await tx.query<readonly { seq: number | null; most: number }[]>(PRUNE, [entityId, seq, limit]);
  if (!gone || gone.seq === null) return false;
  await tx.query(
    `UPDATE "orchestrators"."entities"
     SET "expiredSeq" = greatest("expiredSeq", $2), "expiredAt" = greatest("expiredAt", $3) WHERE "entityId" = $1`,
    [entityId, gone.seq, changedAt],
  );
  return gone.most === limit;
}

/** The last change that is old enough, but none after one that was not told yet: its checksum is still to be computed. */
const HORIZON = `
  SELECT v."fromSeq" AS "seq", v."changedAt" FROM "orchestrators"."record_versions" v
  WHERE v."entityId" = $1 AND v."changedAt" < now() - $2 * interval '1 day'
    AND v."fromSeq" <= coalesce(
      (SELECT min(a."seq") FROM "orchestrators"."announcements" a WHERE a."entityId" = $1), v."fromSeq")
  ORDER BY v."changedAt" DESC, v."fromSeq" DESC LIMIT 1`;

const REPLACED = `FROM "orchestrators"."record_versions" WHERE "entityId" = $1 AND "toSeq" <= $2`;
const DELETED = `FROM "orchestrators"."record_versions"
  WHERE "entityId" = $1 AND "toSeq" IS NULL AND "operation" = 'delete' AND "fromSeq" <= $2`;

/** What is gone is unknown before the change that ended it. */
const PRUNE = `
  WITH replaced AS MATERIALIZED (SELECT "fromSeq" ${REPLACED} ORDER BY "toSeq" LIMIT $3),
  deleted AS MATERIALIZED (SELECT "fromSeq" ${DELETED} ORDER BY "fromSeq" LIMIT $3),
  gone AS (
    DELETE FROM "orchestrators"."record_versions" WHERE "entityId" = $1
      AND "fromSeq" IN (SELECT "fromSeq" FROM replaced UNION ALL SELECT "fromSeq" FROM deleted)
    RETURNING coalesce("toSeq", "fromSeq") AS "seq")
  SELECT max("seq") AS "seq",
         greatest((SELECT count(*) FROM replaced), (SELECT count(*) FROM deleted)) AS "most" FROM gone`;
