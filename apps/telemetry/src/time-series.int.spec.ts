import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { connectDataSource, migrateSchema } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { HypertableRepository } from './hypertable.repository.js';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { CreateTelemetry0001 } from './migrations/0001-telemetry.js';
import { dayOf, daysFrom } from './partition.calendar.js';
import { PartitionRepository } from './partition.repository.js';
import { TelemetrySettings } from './telemetry.settings.js';
import { TimeSeriesService } from './time-series.service.js';

const now = new Date('2026-11-20T12:00:00Z');
const SCHEMA = { schema: 'telemetry', migrations: [CreateTelemetry0001] };
let database: TestDatabase;
let dataSource: DataSource;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
  await migrateSchema(dataSource, SCHEMA);
});

afterEach(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** One more replica, with nothing remembered. */
function replica(retentionDays = '30'): TimeSeriesService {
  const settings = new TelemetrySettings({ TELEMETRY_RETENTION_DAYS: retentionDays });
  const partitions = new PartitionRepository(dataSource);
  return new TimeSeriesService(
    settings,
    partitions,
    new HypertableRepository(dataSource),
    new LatestSampleRepository(dataSource),
  );
}

async function partitions(): Promise<string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    `SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE inhparent = 'telemetry.robot_telemetry_samples'::regclass ORDER BY 1`,
  );
  return rows.map(({ name }) => name.replace('robot_telemetry_samples_p', ''));
}

it('ROB-024 the table has the documented columns', async () => {
  const rows = await dataSource.query<{ name: string; type: string }[]>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'telemetry' AND table_name = 'robot_telemetry_samples'`,
  );
  expect(Object.fromEntries(rows.map(({ name, type }) => [name, type]))).toMatchObject({
    sampleId: 'uuid',
    robotId: 'text',
    payloadJson: 'jsonb',
    receivedAt: 'timestamp with time zone',
    sentAt: 'timestamp with time zone',
  });
});

it('makes the partitions of today and the coming week, once among replicas that start together', async () => {
  await Promise.all([replica().makeAhead(now), replica().makeAhead(now), replica().makeAhead(now)]);
  expect(await partitions()).toEqual([
    '20261120',
    '20261121',
    '20261122',
    '20261123',
    '20261124',
    '20261125',
    '20261126',
    '20261127',
  ]);
});

it('makes a partition without waiting for an insert in progress, nor holding one up', async () => {
  await replica().makeAhead(now);
  const writer = dataSource.createQueryRunner();
  await writer.startTransaction();
  await writer.query(insertSql('RB-1', now));
  await replica().ensure(['2026-11-01']);
  await writer.query(insertSql('RB-2', now));
  await writer.commitTransaction();
  await writer.release();
  expect(await partitions()).toContain('20261101');
});

it('drops the partitions that are past retention and nothing else', async () => {
  await replica().ensure(daysFrom('2026-11-15', 6));
  await replica('2').dropExpired(now);
  expect(await partitions()).toEqual(['20261118', '20261119', '20261120']);
  await replica('0').dropExpired(new Date('2030-01-01T00:00:00Z'));
  expect(await partitions()).toHaveLength(3);
});

it('makes a dropped partition again when another replica still thinks that it is there', async () => {
  const one = replica('2');
  await one.ensure(['2026-11-15']);
  await replica('2').dropExpired(now);
  one.forget();
  await one.ensure(['2026-11-15']);
  expect(await partitions()).toEqual(['20261115']);
});

it('ROB-039 on plain PostgreSQL the hypertable step is skipped, however often it runs', async () => {
  await replica().adopt();
  await replica().adopt();
  await replica().makeAhead(new Date());
  expect(await partitions()).toContain(dayOf(new Date()).replaceAll('-', ''));
});

it('ROB-039 with stand-ins for TimescaleDB’s functions the table becomes a hypertable once and keeps its rows', async () => {
  await replica().makeAhead(now);
  await dataSource.query(insertSql('RB-1', now));
  await standInForTimescale();
  const hypertable = new HypertableRepository(dataSource);
  await hypertable.convert();
  await hypertable.convert();
  await hypertable.dropBefore('2026-11-01');
  expect(await dataSource.query('SELECT * FROM timescaledb_information.hypertables')).toEqual([
    { hypertable_schema: 'telemetry', hypertable_name: 'robot_telemetry_samples' },
  ]);
  expect(await dataSource.query('SELECT "robotId" FROM telemetry.robot_telemetry_samples')).toEqual([
    { robotId: 'RB-1' },
  ]);
  const kind = `SELECT relkind FROM pg_class WHERE oid = 'telemetry.robot_telemetry_samples'::regclass`;
  expect(await dataSource.query(kind)).toEqual([{ relkind: 'r' }]);
});

/** The extension cannot be installed here: its functions with their signatures, and none of what they do. */
async function standInForTimescale(): Promise<void> {
  await dataSource.query(`
    CREATE SCHEMA timescaledb_information;
    CREATE TABLE timescaledb_information.hypertables (hypertable_schema name, hypertable_name name);
    CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval interval)
    RETURNS void LANGUAGE sql AS $$
      INSERT INTO timescaledb_information.hypertables
      SELECT relnamespace::regnamespace::text::name, relname FROM pg_class WHERE oid = relation $$;
    CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE sql
    AS $$ SELECT ''::text WHERE false $$`);
}

function insertSql(robotId: string, at: Date): string {
  return `INSERT INTO telemetry.robot_telemetry_samples
    VALUES (gen_random_uuid(), '${robotId}', '{}', '${at.toISOString()}', now(), 'm')`;
}
