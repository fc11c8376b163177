import { Logger } from '@nestjs/common';
import pg, { Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { QueryLogger } from './query.logger.js';

/** How one process talks to Postgres. */
export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Seen in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections at most; 10 unless told. */
  readonly poolSize?: number;
  /** Statements are cancelled after this; 15,000 unless told, 0 = never. */
  readonly statementTimeoutMs?: number;
  /** Waiting for a connection fails after this; 5,000 unless told. */
  readonly connectTimeoutMs?: number;
  /** Statements slower than this are logged, without their parameters; 1,000 unless told. */
  readonly slowQueryMs?: number;
}

const DEFAULTS = {
  poolSize: 10,
  statementTimeoutMs: 15_000,
  connectTimeoutMs: 5_000,
  slowQueryMs: 1_000,
} as const;

/**
 * TypeORM's options for Postgres: no `synchronize`, int8 as number (stream sequences and counters stay below 2^53), and
 * a pool that outlives a killed server: broken connections leave it and the next statement opens a new one.
 */
export function toDataSourceOptions(options: DatabaseOptions): DataSourceOptions & { type: 'postgres' } {
  const logger = new Logger('Database');
  const { url, applicationName, poolSize, statementTimeoutMs, connectTimeoutMs, slowQueryMs } = {
    ...DEFAULTS,
    ...options,
  };
  return {
    type: 'postgres',
    driver: pg,
    url,
    applicationName,
    poolSize,
    parseInt8: true,
    connectTimeoutMS: connectTimeoutMs,
    maxQueryExecutionTime: slowQueryMs,
    installExtensions: false,
    synchronize: false,
    logger: new QueryLogger(),
    poolErrorHandler: (error: unknown) => {
      // pg hangs the whole client on this error: only its text is worth a log line.
      logger.warn({
        event: 'database_connection_lost',
        message: error instanceof Error ? error.message : String(error),
      });
    },
    extra: { statement_timeout: statementTimeoutMs, keepAlive: true },
  };
}

/** A connected DataSource outside Nest (scripts, tests). The caller destroys it. */
export async function connectDataSource(options: DatabaseOptions): Promise<DataSource> {
  return new DataSource(toDataSourceOptions(options)).initialize();
}

/** The pg pool under a DataSource, for COPY, cursors and statements where TypeORM's wrapper costs too much. */
export function poolOf(dataSource: DataSource): Pool {
  const { driver } = dataSource;
  const pool: unknown = driver instanceof PostgresDriver ? driver.master : undefined;
  if (!(pool instanceof Pool)) {
    throw new TypeError('the data source has no Postgres pool: it is not initialized, or not of type "postgres"');
  }
  return pool;
}
