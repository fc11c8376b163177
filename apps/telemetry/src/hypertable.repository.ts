import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Day } from './partition.calendar.js';

const SCHEMA = 'telemetry';
const NAME = 'robot_telemetry_samples';
const TABLE = `"${SCHEMA}"."${NAME}"`;
const NATIVE = `"${SCHEMA}"."${NAME}_native"`;

/** The time series under TimescaleDB, which keeps its own partitions ("chunks"). Nothing here runs without it. */
@Injectable()
export class HypertableRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Installs the extension where the server offers it; answers whether it is there. */
  async install(): Promise<boolean> {
    const offered = await this.dataSource.query<readonly unknown[]>(
      `SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'`,
    );
    if (offered.length > 0) await this.dataSource.query('CREATE EXTENSION IF NOT EXISTS timescaledb');
    return offered.length > 0;
  }

  /** Makes the table a hypertable unless it is one, in one transaction that replicas take in turn; keeps its rows. */
  async convert(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.telemetry.hypertable', 0))`);
      if (!(await isHypertable(manager))) await rebuild(manager);
    });
  }

  /** Drops the chunks that lie before `day` entirely. */
  async dropBefore(day: Day): Promise<void> {
    await this.dataSource.query(`SELECT drop_chunks('${TABLE}', older_than => $1::timestamptz)`, [`${day}T00:00:00Z`]);
  }
}

async function isHypertable(manager: EntityManager): Promise<boolean> {
  const rows = await manager.query<readonly unknown[]>(
    'SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_schema = $1 AND hypertable_name = $2',
    [SCHEMA, NAME],
  );
  return rows.length > 0;
}

/** A natively partitioned table cannot become a hypertable: the rows move to a new one of the same name and indexes. */
async function rebuild(manager: EntityManager): Promise<void> {
  await manager.query(`ALTER TABLE ${TABLE} RENAME TO "${NAME}_native"`);
  await manager.query(`CREATE TABLE ${TABLE} (LIKE ${NATIVE} INCLUDING ALL)`);
  await manager.query(`SELECT create_hypertable('${TABLE}', 'receivedAt', chunk_time_interval => interval '1 day')`);
  await manager.query(`INSERT INTO ${TABLE} SELECT * FROM ${NATIVE}`);
  await manager.query(`DROP TABLE ${NATIVE}`);
}
