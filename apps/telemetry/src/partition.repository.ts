import { Injectable } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { addDays, type Day, dayOfPartition, partitionName } from './partition.calendar.js';

const TABLE = '"telemetry"."robot_telemetry_samples"';
const LOCK = 'muster.telemetry.partitions';
const CHECK_VIOLATION = '23514';
/** Whoever waits for a lock makes every later statement wait behind it: give up early and come again. */
const DROP_LOCK_TIMEOUT_MS = 2_000;

/** Whether an insert found no partition for a row: another replica's retention dropped it. The table has no checks. */
export function isMissingPartition(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === CHECK_VIOLATION && error.constraint === undefined;
}

/** The daily partitions of the time series. Nothing here takes a lock that holds up inserts, but `drop` for a moment. */
@Injectable()
export class PartitionRepository {
  private readonly known = new Set<Day>();

  constructor(private readonly dataSource: DataSource) {}

  /** Makes the partitions that are missing, one maker at a time among all replicas. Days seen before cost nothing. */
  async ensure(days: readonly Day[]): Promise<void> {
    if (days.every((day) => this.known.has(day))) return;
    await this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK]);
      const present = new Set(await this.list(manager));
      for (const day of days) if (!present.has(day)) await this.create(manager, day);
    });
    for (const day of days) this.known.add(day);
  }

  /** Looks again at what is there before the next insert. */
  forget(): void {
    this.known.clear();
  }

  /** Drops the partitions before `day` and answers their days; none while another replica is at it. */
  async dropBefore(day: Day): Promise<readonly Day[]> {
    const dropped: Day[] = [];
    for (const old of (await this.list(this.dataSource.manager)).filter((candidate) => candidate < day)) {
      this.known.delete(old);
      if (await this.drop(old)) dropped.push(old);
    }
    return dropped;
  }

  private async list(manager: EntityManager): Promise<readonly Day[]> {
    const rows = await manager.query<readonly { name: string }[]>(
      `SELECT child.relname AS name FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
       WHERE inhparent = $1::regclass ORDER BY child.relname`,
      [TABLE],
    );
    return rows.map(({ name }) => dayOfPartition(name)).filter((day) => day !== undefined);
  }

  /** CREATE … PARTITION OF would lock the whole table; attaching a finished one lets inserts go on. */
  private async create(manager: EntityManager, day: Day): Promise<void> {
    const partition = `"telemetry"."${partitionName(day)}"`;
    await manager.query(`CREATE TABLE ${partition} (LIKE ${TABLE} INCLUDING ALL)`);
    await manager.query(
      `ALTER TABLE ${TABLE} ATTACH PARTITION ${partition}
       FOR VALUES FROM ('${day}T00:00:00Z') TO ('${addDays(day, 1)}T00:00:00Z')`,
    );
  }

  private async drop(day: Day): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<readonly { free: boolean }[]>(
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS free',
        [LOCK],
      );
      if (row?.free !== true) return false;
      await manager.query(`SET LOCAL lock_timeout = ${String(DROP_LOCK_TIMEOUT_MS)}`);
      await manager.query(`DROP TABLE IF EXISTS "telemetry"."${partitionName(day)}"`);
      return true;
    });
  }
}
