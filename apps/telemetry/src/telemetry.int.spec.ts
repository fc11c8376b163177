import { Logger } from '@nestjs/common';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import {
  CONSUMERS,
  deadLetterSubject,
  inboxPrefixOf,
  MESSAGE_HEADERS,
  redriveSubject,
  ROBOT_SUBJECTS,
  robotSubject,
  TELEMETRY_REQUESTS,
} from '#libs/contracts';
import { BrokerConnection, JetStreamPublisher, provision, RpcClient } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { startTestBroker, type TestBroker } from '../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { waitFor } from '../../../test/support/wait.js';
import { TelemetryModule } from './telemetry.module.js';

const DAY_MS = 86_400_000;
const consumer = CONSUMERS.telemetryIngest;
let server: TestBroker;
let database: TestDatabase;
let outside: BrokerConnection;
let gateway: BrokerConnection;
let publisher: JetStreamPublisher;
let rpc: RpcClient;
let running: RunningService | undefined;

beforeAll(async () => {
  Logger.overrideLogger(false);
  server = await startTestBroker();
});

beforeEach(async () => {
  database = await createTestDatabase();
  [outside, gateway] = await Promise.all([connect('admin'), connect('gateway')]);
  const manager = await jetstreamManager(outside.nc);
  for (const name of await manager.streams.names().next()) await manager.streams.delete(name);
  await provision(outside, { replicas: 1 });
  publisher = new JetStreamPublisher(outside);
  rpc = new RpcClient(gateway);
});

afterEach(async () => {
  if (running) await stop();
  await rpc.onModuleDestroy();
  publisher.close();
  await Promise.all([outside.close(), gateway.close()]);
  await database.drop();
});

afterAll(() => server.stop());

function connect(name: string): Promise<BrokerConnection> {
  return BrokerConnection.open({
    url: server.url,
    name,
    inboxPrefix: inboxPrefixOf(name),
    credsFile: server.credsFile(name),
  });
}

async function start(env: Record<string, string> = {}): Promise<void> {
  const settings = { DATABASE_URL: database.url, NATS_URL: server.url, NATS_KEYS_DIR: server.keysDir, PORT: '0' };
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    running = await startService(
      { name: 'telemetry', module: TelemetryModule },
      new PlatformConfig('telemetry', settings),
    );
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

async function stop(): Promise<void> {
  expect(await shutDown(running?.stopSteps ?? [], 10_000)).toBe(true);
  running = undefined;
}

const messageId = (): string => crypto.randomUUID();

function envelope(robotId: string, payload: unknown, id = messageId()): string {
  const sentAt = new Date().toISOString();
  return JSON.stringify({ payloadVersion: 1, messageId: id, robotId, sentAt, type: 'telemetry', payload });
}

function report(robotId: string, payload: unknown, id = messageId()): Promise<unknown> {
  const subject = robotSubject(ROBOT_SUBJECTS.telemetry, robotId);
  return publisher.publish(subject, envelope(robotId, payload, id), { messageId: id });
}

const query = <T>(sql: string, parameters?: unknown[]): Promise<T[]> =>
  running!.app.get(DataSource).query<T[]>(sql, parameters);

async function stored(): Promise<number> {
  return (await query<{ n: number }>('SELECT count(*) AS n FROM telemetry.robot_telemetry_samples'))[0]!.n;
}

const settled = (): Promise<true> =>
  waitFor(async () => {
    const info = await (await jetstreamManager(outside.nc)).consumers.info(consumer.stream, consumer.durable);
    return info.num_pending === 0 && info.num_ack_pending === 0;
  });

async function forgetAcknowledgements(): Promise<void> {
  const manager = await jetstreamManager(outside.nc);
  const { config } = await manager.consumers.info(consumer.stream, consumer.durable);
  await manager.consumers.delete(consumer.stream, consumer.durable);
  await manager.consumers.add(consumer.stream, config);
}

/** Publishes where only services may: what the dead letters give back to this consumer. */
async function redrive(robotId: string, payload: unknown, sequence: string, receivedAt: Date): Promise<void> {
  const original = headers();
  original.set(MESSAGE_HEADERS.subject, robotSubject(ROBOT_SUBJECTS.telemetry, robotId));
  original.set(MESSAGE_HEADERS.sequence, sequence);
  original.set(MESSAGE_HEADERS.receivedAt, receivedAt.toISOString());
  await publisher.publish(redriveSubject(consumer.stream, consumer.durable), envelope(robotId, payload), {
    messageId: messageId(),
    headers: original,
  });
}

it('ROB-066 what robots send while the service is down is stored when it is back', async () => {
  const payload = { battery: 81.5, position: { x: 1, y: 2 }, note: 'Grüße "quoted" \\ , {}' };
  const id = messageId();
  await report('RB-1', payload, id);
  await start();
  await waitFor(async () => (await stored()) === 1);
  const [row] = await query<Record<string, unknown>>('SELECT * FROM telemetry.robot_telemetry_samples');
  expect(row).toMatchObject({
    robotId: 'RB-1',
    messageId: id,
    payloadJson: { messageId: id, type: 'telemetry', payload },
  });
});

it('ROB-024 a message that is delivered again is stored once, and latest is the newest', async () => {
  for (let n = 0; n < 50; n++) await report('RB-1', { n });
  await start();
  await waitFor(async () => (await stored()) === 50);
  await stop();
  await forgetAcknowledgements();
  await start();
  await settled();
  expect(await stored()).toBe(50);
  expect(await rpc.ask(TELEMETRY_REQUESTS.latest, { robotId: 'RB-1' })).toEqual({
    robotId: 'RB-1',
    receivedAt: expect.any(String),
    payload: { n: 49 },
  });
});

it('a robot that was never heard has no telemetry', async () => {
  await start();
  await expect(rpc.ask(TELEMETRY_REQUESTS.latest, { robotId: 'RB-none' })).rejects.toMatchObject({
    code: 'TELEMETRY_NOT_FOUND',
    details: { robotId: 'RB-none' },
  });
});

it('one sample that Postgres cannot hold goes to the dead letters and its 99 neighbours are stored', async () => {
  await Promise.all(
    Array.from({ length: 100 }, (_, n) => report('RB-1', n === 42 ? { n, text: 'nul \u0000' } : { n })),
  );
  await start();
  await settled();
  expect(await stored()).toBe(99);
  const manager = await jetstreamManager(outside.nc);
  const letter = await waitFor(() =>
    manager.streams.getMessage('DEAD_LETTERS', { last_by_subj: deadLetterSubject(consumer.stream, consumer.durable) }),
  );
  expect(letter.header.get(MESSAGE_HEADERS.reason)).toBe('NOT_STORABLE');
  expect(letter.json<{ payload: unknown }>().payload).toEqual({ n: 42, text: 'nul \u0000' });
});

it('large numbers, deep objects and odd keys are stored as they are', async () => {
  const text = envelope('RB-1', 'PAYLOAD').replace('"PAYLOAD"', '{"huge":1e300,"__proto__":{"a":1},"":{"":[1,[2]]}}');
  await publisher.publish(robotSubject(ROBOT_SUBJECTS.telemetry, 'RB-1'), text, { messageId: messageId() });
  await start();
  await waitFor(async () => (await stored()) === 1);
  const sql = `SELECT ("payloadJson" #>> '{payload,huge}')::numeric = 1e300 AS same FROM telemetry.robot_telemetry_samples`;
  expect(await query(sql)).toEqual([{ same: true }]);
});

it('data that is days late finds a partition, also one that was dropped meanwhile', async () => {
  await start();
  const late = new Date(Date.now() - 9 * DAY_MS);
  await redrive('RB-1', { n: 1 }, '1700000000000-7', late);
  await waitFor(async () => (await stored()) === 1);
  const [row] = await query<{ receivedAt: Date; partition: string }>(
    'SELECT "receivedAt", tableoid::regclass::text AS partition FROM telemetry.robot_telemetry_samples',
  );
  expect(row!.receivedAt).toEqual(late);
  expect(row!.partition).toContain(late.toISOString().slice(0, 10).replaceAll('-', ''));
  await query(`DROP TABLE ${row!.partition}`);
  await redrive('RB-1', { n: 2 }, '1700000000000-8', late);
  await waitFor(async () => (await stored()) === 1);
});

it('a re-driven sample takes its own place once, and one past retention is let go', async () => {
  await start({ TELEMETRY_RETENTION_DAYS: '3' });
  const yesterday = new Date(Date.now() - DAY_MS);
  await redrive('RB-1', { n: 1 }, '1700000000000-7', yesterday);
  await redrive('RB-1', { n: 1 }, '1700000000000-7', yesterday);
  await redrive('RB-1', { n: 2 }, '1700000000000-8', new Date(Date.now() - 5 * DAY_MS));
  await waitFor(async () => {
    const { state } = await (await jetstreamManager(outside.nc)).streams.info('REDRIVES');
    return state.last_seq === 3 && state.messages === 0;
  });
  expect(await query('SELECT "sampleId" FROM telemetry.robot_telemetry_samples')).toEqual([
    { sampleId: '018bcfe5-6800-8000-8000-000000000007' },
  ]);
});

it('ROB-024 with an interval set one sample per robot and interval is kept, latest stays the newest, over a restart', async () => {
  const hour = { TELEMETRY_SAMPLE_INTERVAL_MS: '3600000' };
  const slots = new Set<number>();
  const reportAll = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) {
      slots.add(Math.floor(Date.now() / 3_600_000));
      await Promise.all([report('RB-1', { n }), report('RB-2', { n })]);
    }
  };
  await start(hour);
  await reportAll(0, 50);
  await settled();
  await stop();
  await reportAll(50, 100);
  await start(hour);
  await settled();
  expect(await stored()).toBe(2 * slots.size);
  expect(await rpc.ask(TELEMETRY_REQUESTS.latest, { robotId: 'RB-2' })).toMatchObject({ payload: { n: 99 } });
});
