import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../../../scripts/embedded/postgres.js';
import { connectDataSource, poolOf } from './data-source.js';
import { isDataError, isTransientDatabaseError, isUniqueViolation } from './sql-state.js';
import { unnest } from './unnest.js';

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the database of one process', () => {
  let dataDir: string;
  let postgres: PostgresServer;
  let dataSource: DataSource;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    dataDir = await mkdtemp(join(tmpdir(), 'muster-database-'));
    await chmod(dataDir, 0o711);
    postgres = await startPostgres({ dataDir, ephemeral: true });
    dataSource = await connectDataSource({
      url: postgres.url,
      applicationName: 'muster-spec',
      poolSize: 4,
      statementTimeoutMs: 10_000,
      connectTimeoutMs: 1_000,
    });
    await dataSource.query(`CREATE TABLE things (
      id text CONSTRAINT things_pkey PRIMARY KEY, level int CONSTRAINT level_positive CHECK (level > 0),
      seq bigint, at timestamptz, body jsonb)`);
  });

  beforeEach(async () => {
    await dataSource.query('TRUNCATE things');
  });

  afterAll(async () => {
    await dataSource.destroy();
    await postgres.child.stop();
    await rm(postgres.clusterDir, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  });

  const insert = (id: unknown, level: unknown = 1, body: unknown = '{}'): Promise<unknown> =>
    dataSource.query('INSERT INTO things (id, level, body) VALUES ($1, $2, $3)', [id, level, body]);

  it('reads int8 as number and carries the application name', async () => {
    await dataSource.query(`INSERT INTO things (id, seq) VALUES ('a', 9007199254740991)`);
    expect(await dataSource.query('SELECT seq FROM things')).toEqual([{ seq: 9_007_199_254_740_991 }]);
    expect(await dataSource.query('SHOW application_name')).toEqual([{ application_name: 'muster-spec' }]);
  });

  it('tells a repeated key from other failures, by constraint too', async () => {
    await insert('a');
    const error = await failureOf(insert('a'));
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'things_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'other')).toBe(false);
    expect(isUniqueViolation(new Error('wrapped', { cause: error }))).toBe(true);
    expect(isDataError(error)).toBe(false);
    expect(isTransientDatabaseError(error)).toBe(false);
  });

  it.each([
    ['a NUL in text', 'a\u0000b', 1, '{}'],
    ['a NUL in jsonb', 'a', 1, '"\\u0000"'],
    ['text where a number belongs', 'a', 'many', '{}'],
    ['a number out of range', 'a', 3_000_000_000, '{}'],
    ['a failed check', 'a', -1, '{}'],
    ['a missing key', null, 1, '{}'],
    ['broken JSON', 'a', 1, '{'],
    ['JSON nesting deeper than the stack', 'a', 1, '['.repeat(50_000) + ']'.repeat(50_000)],
    [
      'a key too large for its index',
      Array.from({ length: 4_000 }, (_, n) => String(n * 7_919 * 7_919)).join(),
      1,
      '{}',
    ],
  ])('knows %s as input that can never be stored', async (_, id, level, body) => {
    const error = await failureOf(insert(id, level, body));
    expect(isDataError(error)).toBe(true);
    expect(isTransientDatabaseError(error)).toBe(false);
  });

  it('knows a statement timeout as transient', async () => {
    const error = await failureOf(
      dataSource.transaction(async (manager) => {
        await manager.query('SET LOCAL statement_timeout = 50');
        await manager.query('SELECT pg_sleep(5)');
      }),
    );
    expect(isTransientDatabaseError(error)).toBe(true);
    expect(isDataError(error)).toBe(false);
  });

  it('sends rows of every type through unnest and keeps ON CONFLICT', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const rows = [
      { id: 'a', level: 1, seq: 2 ** 40, at, body: { text: 'quote " back \\ {brace} , NULL' } },
      { id: 'NULL', level: undefined, seq: 1, at, body: ['é', '\u2028', null] },
    ];
    const source = unnest(rows, {
      id: { type: 'text', value: (row) => row.id },
      level: { type: 'int4', value: (row) => row.level },
      seq: { type: 'int8', value: (row) => row.seq },
      at: { type: 'timestamptz', value: (row) => row.at },
      body: { type: 'jsonb', value: (row) => JSON.stringify(row.body) },
    });
    const statement = `INSERT INTO things (id, level, seq, at, body)
      SELECT r."id", r."level", r."seq", r."at", r."body" FROM ${source.sql} ON CONFLICT DO NOTHING RETURNING id`;
    expect(await dataSource.query(statement, [...source.parameters])).toHaveLength(2);
    expect(await dataSource.query(statement, [...source.parameters])).toHaveLength(0);
    const stored = await dataSource.query('SELECT id, level, seq, at, body FROM things ORDER BY seq DESC');
    expect(stored).toEqual([rows[0], { ...rows[1], level: null }]);
  });

  it('outlives SIGKILL of Postgres under load, and works again after its restart', async () => {
    await insert('before');
    const busy = [1, 2, 3].map(() => failureOf(dataSource.query('SELECT pg_sleep(20)')));
    const inTransaction = failureOf(
      dataSource.transaction(async (manager) => {
        await manager.query(`INSERT INTO things (id) VALUES ('lost')`);
        await postgres.child.kill();
        await manager.query('SELECT pg_sleep(20)');
      }),
    );
    const failures = await Promise.all([...busy, inTransaction]);
    expect(failures.map(isTransientDatabaseError)).toEqual([true, true, true, true]);
    const whileDown = await failureOf(dataSource.query('SELECT 1'));
    expect(isTransientDatabaseError(whileDown)).toBe(true);
    expect(isDataError(whileDown)).toBe(false);
    await postgres.child.start();
    expect(await dataSource.query('SELECT id FROM things')).toEqual([{ id: 'before' }]);
    expect(poolOf(dataSource).totalCount).toBeLessThanOrEqual(4);
  });

  it('knows a pool without a free connection as transient', async () => {
    const busy = [1, 2, 3, 4].map(() => dataSource.query('SELECT pg_sleep(1.3)'));
    const error = await failureOf(dataSource.query('SELECT 1'));
    expect(isTransientDatabaseError(error)).toBe(true);
    await Promise.all(busy);
  });
});
