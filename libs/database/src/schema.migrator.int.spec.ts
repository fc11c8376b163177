import { Logger } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { connectDataSource } from './data-source.js';
import { migrateSchema } from './schema.migrator.js';

class CreateRobots0001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE "fleet"."robots" ("robotId" text PRIMARY KEY)`);
  }
  async down(): Promise<void> {}
}

class AddNotes0002 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "fleet"."robots" ADD COLUMN "notes" text`);
  }
  async down(): Promise<void> {}
}

class Broken0003 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "fleet"."robots" ADD COLUMN "tags" jsonb`);
    await runner.query(`ALTER TABLE "fleet"."nowhere" ADD COLUMN "tags" jsonb`);
  }
  async down(): Promise<void> {}
}

class IndexConcurrently0004 {
  readonly transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX CONCURRENTLY IF NOT EXISTS "robots_notes" ON "fleet"."robots" ("notes")`);
  }
  async down(): Promise<void> {}
}

describe('migrateSchema', () => {
  let database: TestDatabase;
  let replicas: DataSource[];
  const first = (): DataSource => replicas[0]!;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
    const options = { url: database.url, applicationName: 'spec', poolSize: 3, statementTimeoutMs: 2_000 };
    replicas = await Promise.all([1, 2, 3, 4].map(() => connectDataSource(options)));
  });

  beforeEach(async () => {
    await first().query('DROP SCHEMA IF EXISTS "fleet" CASCADE');
  });

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.destroy()));
    await database.drop();
  });

  it('applies each migration once when four replicas start together', async () => {
    const definition = { schema: 'fleet', migrations: [CreateRobots0001, AddNotes0002] };
    const applied = await Promise.all(replicas.map((replica) => migrateSchema(replica, definition)));
    expect(applied.filter((names) => names.length === 2)).toHaveLength(1);
    expect(applied.filter((names) => names.length === 0)).toHaveLength(3);
    const rows = await first().query('SELECT "name" FROM "fleet"."migrations" ORDER BY "name"');
    expect(rows).toEqual([{ name: 'AddNotes0002' }, { name: 'CreateRobots0001' }]);
  });

  it('applies what a newer version adds and leaves the rest', async () => {
    await migrateSchema(first(), { schema: 'fleet', migrations: [CreateRobots0001] });
    const again = await migrateSchema(first(), { schema: 'fleet', migrations: [CreateRobots0001, AddNotes0002] });
    expect(again).toEqual(['AddNotes0002']);
  });

  it('leaves nothing of a migration that fails, and frees the lock', async () => {
    const definition = { schema: 'fleet', migrations: [CreateRobots0001, Broken0003] };
    await expect(migrateSchema(first(), definition)).rejects.toThrow('nowhere');
    const columns = await first().query(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = 'fleet' AND table_name = 'robots'`,
    );
    expect(columns).toEqual([{ column_name: 'robotId' }]);
    await expect(
      migrateSchema(replicas[1]!, { schema: 'fleet', migrations: [CreateRobots0001, AddNotes0002] }),
    ).resolves.toEqual(['AddNotes0002']);
  });

  it('runs a migration outside a transaction when it asks for it', async () => {
    const migrations = [CreateRobots0001, AddNotes0002, IndexConcurrently0004];
    await expect(migrateSchema(first(), { schema: 'fleet', migrations })).resolves.toHaveLength(3);
  });

  it('gives the connection back with its statement timeout', async () => {
    await migrateSchema(first(), { schema: 'fleet', migrations: [] });
    expect(await first().query('SHOW statement_timeout')).toEqual([{ statement_timeout: '2s' }]);
    const locks = await first().query(`SELECT count(*)::int AS held FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE locktype = 'advisory' AND d.datname = current_database()`);
    expect(locks).toEqual([{ held: 0 }]);
  });

  it('refuses a name that is no schema and two migrations of one name', async () => {
    await expect(migrateSchema(first(), { schema: 'a"; DROP', migrations: [] })).rejects.toThrow('no schema name');
    const twice = { schema: 'fleet', migrations: [CreateRobots0001, CreateRobots0001] };
    await expect(migrateSchema(first(), twice)).rejects.toThrow('two migrations named "CreateRobots0001"');
  });
});
