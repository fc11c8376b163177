import { Injectable } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { type Month, monthAfter, monthOfPartition, partitionName } from './month.calendar.js';

const TABLE = '"beacons"."access_logs"';
const LOCK = 'muster.beacons.access-log-partitions';
const CHECK_VIOLATION = '23514';
/** Whoever waits for a lock makes every later statement wait behind it: give up early and come again. */
const DROP_LOCK_TIMEOUT_MS = 2_000;

/** Whether an insert found no partition for a row: another replica's retention dropped it. The table has no checks. */
export function isMissingPartition(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return cause instanceof DatabaseError && cause.code === CHECK_VIOLATION && cause.constraint === undefined;
}

/** The monthly partitions of the access logs. Nothing here holds up inserts, but `drop` for a moment. */
@Injectable()
export class PartitionRepository {
  private readonly known = new Set<Month>();

  constructor(private readonly dataSource: DataSource) {}

  /** Makes the partitions that are missing, one maker at a time among all replicas. Months seen before cost nothing. */
  async ensure(months: readonly Month[]): Promise<void> {
    if (months.every((month) => this.known.has(month))) return;
    await this.dataSource.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
      const present = new Set(await this.list(tx));
      for (const month of months) if (!present.has(month)) await this.create(tx, month);
    });
    for (const month of months) this.known.add(month);
  }

  /** Looks again at what is there before the next insert. */
  forget(): void {
    this.known.clear();
  }

  /** Drops the partitions before `month` and answers their months; none while another replica is at it. */
  async dropBefore(month: Month): Promise<readonly Month[]> {
    const dropped: Month[] = [];
    for (const old of (await this.list(this.dataSource.manager)).filter((candidate) => candidate < month)) {
      this.known.delete(old);
      if (await this.drop(old)) dropped.push(old);
    }
    return dropped;
  }

  private async list(tx: EntityManager): Promise<readonly Month[]> {
    const rows = await tx.query<readonly { name: string }[]>(
      `SELECT child.relname AS name FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
       WHERE inhparent = $1::regclass ORDER BY child.relname`,
      [TABLE],
    );
    return rows.map(({ name }) => monthOfPartition(name)).filter((month) => month !== undefined);
  }

  /** CREATE … PARTITION OF would lock the whole table; attaching a finished one lets inserts go on. */
  private async create(tx: EntityManager, month: Month): Promise<void> {
    const partition = `"beacons"."${partitionName(month)}"`;
    await tx.query(`CREATE TABLE ${partition} (LIKE ${TABLE} INCLUDING ALL)`);
    await tx.query(
      `ALTER TABLE ${TABLE} ATTACH PARTITION ${partition}
       FOR VALUES FROM ('${month}-01T00:00:00Z') TO ('${monthAfter(month)}-01T00:00:00Z')`,
    );
  }

  private drop(month: Month): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const [row] = await tx.query<readonly { free: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
        [LOCK],
      );
      if (row?.free !== true) return false;
      await tx.query(`SET LOCAL lock_timeout = ${String(DROP_LOCK_TIMEOUT_MS)}`);
      await tx.query(`DROP TABLE IF EXISTS "beacons"."${partitionName(month)}"`);
      return true;
    });
  }
}
