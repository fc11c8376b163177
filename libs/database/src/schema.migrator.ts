import { Logger } from '@nestjs/common';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';

/** One app's schema and the steps that build it, oldest first. */
export interface SchemaDefinition {
  /** Lower-case Postgres identifier. */
  readonly schema: string;
  /** Classes, each applied once; its name is its class name unless the instance has a `name`. */
  readonly migrations: readonly (new () => MigrationInterface)[];
}

const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;
const logger = new Logger('Migrations');

/**
 * Brings a schema up to date and answers the names that it applied. Safe with replicas: whoever holds the advisory lock
 * works, the others wait and then find nothing to do. Each migration is one transaction together with its entry in
 * `"<schema>"."migrations"`, unless it says `transaction = false` (for CREATE INDEX CONCURRENTLY).
 */
export async function migrateSchema(dataSource: DataSource, definition: SchemaDefinition): Promise<readonly string[]> {
  const { schema } = definition;
  if (!IDENTIFIER.test(schema)) {
    throw new TypeError(`"${schema}" is no schema name: use lower-case letters, digits and "_"`);
  }
  const migrations = named(definition);
  const runner = dataSource.createQueryRunner();
  const lock = `muster.migrations.${schema}`;
  try {
    await runner.query(`SET statement_timeout = 0`);
    await runner.query(`SELECT pg_advisory_lock(hashtextextended($1, 0))`, [lock]);
    return await applyPending(runner, schema, migrations);
  } finally {
    await leave(runner, lock);
  }
}

type NamedMigrations = ReadonlyMap<string, MigrationInterface>;

function named({ schema, migrations }: SchemaDefinition): NamedMigrations {
  const byName = new Map<string, MigrationInterface>();
  for (const Migration of migrations) {
    const migration = new Migration();
    const name = migration.name ?? Migration.name;
    if (byName.has(name)) {
      throw new TypeError(`schema "${schema}" has two migrations named "${name}"`);
    }
    byName.set(name, migration);
  }
  return byName;
}

async function applyPending(
  runner: QueryRunner,
  schema: string,
  migrations: NamedMigrations,
): Promise<readonly string[]> {
  await runner.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  await runner.query(
    `CREATE TABLE IF NOT EXISTS "${schema}"."migrations" (
       "name" text PRIMARY KEY,
       "appliedAt" timestamptz NOT NULL DEFAULT now())`,
  );
  const rows = await runner.manager.query<readonly { name: string }[]>(`SELECT "name" FROM "${schema}"."migrations"`);
  const done = new Set(rows.map((row) => row.name));
  warnOfUnknown(
    schema,
    [...done].filter((name) => !migrations.has(name)),
  );
  const pending = [...migrations].filter(([name]) => !done.has(name));
  for (const [name, migration] of pending) {
    await apply(runner, { schema, name, migration });
  }
  return pending.map(([name]) => name);
}

function warnOfUnknown(schema: string, names: readonly string[]): void {
  if (names.length > 0) {
    logger.warn({
      event: 'schema_newer_than_code',
      message: `schema "${schema}" has migrations that this version does not know`,
      migrations: names,
    });
  }
}

interface Step {
  readonly schema: string;
  readonly name: string;
  readonly migration: MigrationInterface;
}

async function apply(runner: QueryRunner, { schema, name, migration }: Step): Promise<void> {
  const startedAt = performance.now();
  const record = `INSERT INTO "${schema}"."migrations" ("name") VALUES ($1)`;
  if (migration.transaction === false) {
    await migration.up(runner);
    await runner.query(record, [name]);
  } else {
    await runner.startTransaction();
    await migration.up(runner);
    await runner.query(record, [name]);
    await runner.commitTransaction();
  }
  const durationMs = Math.round(performance.now() - startedAt);
  logger.log({ event: 'migration_applied', schema, migration: name, durationMs });
}

/** Leaves the connection as the pool lent it. A lost connection has already given up lock and settings. */
async function leave(runner: QueryRunner, lock: string): Promise<void> {
  try {
    if (runner.isTransactionActive) {
      await runner.rollbackTransaction();
    }
    await runner.query(`SELECT pg_advisory_unlock(hashtextextended($1, 0))`, [lock]);
    await runner.query(`RESET statement_timeout`);
  } catch (error) {
    logger.debug({ event: 'migration_connection_lost', error });
  } finally {
    await runner.release();
  }
}
