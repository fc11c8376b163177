import { Controller, Logger, Module } from '@nestjs/common';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers as newHeaders } from '@nats-io/transport-node';
import {
  CONSUMERS,
  deadLetterSubject,
  inboxPrefixOf,
  MESSAGE_HEADERS,
  PermanentMessageError,
  ROBOT_MESSAGES,
  ROBOT_SUBJECTS,
  robotSubject,
} from '#libs/contracts';
import { BrokerConnection, Ingest, type InboundOf, JetStreamPublisher, provision } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { type Answer, Api } from '../../../../test/support/api.js';
import { startTestBroker, type TestBroker } from '../../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS } from '../../../../test/support/gateway.js';
import { waitFor } from '../../../../test/support/wait.js';
import { GatewayModule } from '../gateway.module.js';
import { DeadLettersModule } from './dead-letters.module.js';

type Telemetry = InboundOf<typeof ROBOT_MESSAGES.telemetry>;
const consumer = CONSUMERS.telemetryIngest;
const PATH = '/api/v1/dead-letters';
const ingest = { refusing: true, seen: [] as Telemetry[] };

@Controller()
class Handler {
  @Ingest({ consumer, message: ROBOT_MESSAGES.telemetry, concurrency: 1 })
  handle(message: Telemetry): void {
    ingest.seen.push(message);
    if (ingest.refusing) throw new PermanentMessageError('NOT_STORABLE', 'not today');
  }
}

@Module({ controllers: [Handler] })
class HandlerModule {}

@Module({ imports: [GatewayModule, DeadLettersModule] })
class EdgeModule {}

let broker: TestBroker;
let database: TestDatabase;
let services: RunningService[];
let outside: BrokerConnection;
let publisher: JetStreamPublisher;
let api: Api;

beforeAll(async () => {
  [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
  Object.assign(process.env, TEST_PASSWORD_ENV);
  Logger.overrideLogger(false);
  const credsFile = broker.credsFile('admin');
  outside = await BrokerConnection.open({
    url: broker.url,
    name: 'admin',
    inboxPrefix: inboxPrefixOf('admin'),
    credsFile,
  });
  await provision(outside, { replicas: 1 });
  publisher = new JetStreamPublisher(outside);
  services = [await start('gateway', EdgeModule), await start('telemetry', HandlerModule)];
  api = await Api.login(services[0]!.url, 'admin', TEST_PASSWORDS.admin);
});

afterEach(async () => {
  ingest.seen.length = 0;
  ingest.refusing = true;
  const manager = await jetstreamManager(outside.nc);
  await manager.streams.purge('DEAD_LETTERS');
});

afterAll(async () => {
  for (const { stopSteps } of services) await shutDown(stopSteps, 10_000);
  publisher.close();
  await outside.close();
  await Promise.all([broker.stop(), database.drop()]);
});

function start(name: string, module: typeof EdgeModule | typeof HandlerModule): Promise<RunningService> {
  const environment = {
    PORT: '0',
    DATABASE_URL: database.url,
    DATA_DIR: '/nowhere',
    NATS_URL: broker.url,
    NATS_CREDS: broker.credsFile(name),
  };
  const configure = name === 'gateway' ? { configure: GatewayModule.configure } : {};
  return startService({ name, module, ...configure }, new PlatformConfig(name, environment));
}

async function report(text: string, headers = newHeaders()): Promise<number> {
  const subject = robotSubject(ROBOT_SUBJECTS.telemetry, 'RB-1');
  return (await publisher.publish(subject, text, { messageId: crypto.randomUUID(), headers })).sequence;
}

function envelope(payload: unknown): string {
  const messageId = crypto.randomUUID();
  const sentAt = new Date().toISOString();
  return JSON.stringify({ payloadVersion: 1, messageId, robotId: 'RB-1', sentAt, type: 'telemetry', payload });
}

interface Letter {
  readonly id: string;
  readonly [field: string]: unknown;
}

async function letters(query = ''): Promise<Letter[]> {
  const { status, body } = await api.get<Letter[]>(PATH + query);
  expect(status).toBe(200);
  return body;
}

const oneLetter = (): Promise<Letter> => waitFor(async () => (await letters())[0]);

/** Dead letters of a consumer that never ran. */
async function bury(count: number, durable: string, stream = 'EVENTS'): Promise<void> {
  for (let n = 0; n < count; n++) {
    const headers = newHeaders();
    headers.set(MESSAGE_HEADERS.stream, stream);
    headers.set(MESSAGE_HEADERS.consumer, durable);
    await publisher.publish(deadLetterSubject(stream, durable), `${n}`, { messageId: crypto.randomUUID(), headers });
  }
}

it('G8 a refused message is listed with reason, origin, payload and headers', async () => {
  const headers = newHeaders();
  headers.set('x-vendor', 'acme');
  const sequence = await report('{"broken', headers);
  const letter = await oneLetter();
  expect(letter).toEqual({
    id: expect.stringMatching(/^\d+$/),
    stream: 'ROBOT_TELEMETRY',
    consumer: consumer.durable,
    subject: 'robots.telemetry.RB-1',
    reason: 'MALFORMED_JSON',
    message: 'The body is not JSON.',
    deliveries: 1,
    receivedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    deadLetteredAt: expect.stringMatching(/^\d{4}-.*Z$/),
    payload: '{"broken',
    payloadEncoding: 'text',
    payloadBytes: 8,
    payloadTruncated: false,
    headers: expect.objectContaining({
      'x-vendor': ['acme'],
      'Muster-Sequence': [expect.stringMatching(new RegExp(`^\\d+-${sequence}$`))],
    }),
  });
  expect((await api.get(`${PATH}/${letter.id}`)).body).toEqual(letter);
});

it('a large payload is cut in the list and whole alone', async () => {
  await report(envelope({ text: 'x'.repeat(100_000) }));
  const listed = await oneLetter();
  expect(listed).toMatchObject({ payloadTruncated: true, payloadEncoding: 'text' });
  expect(String(listed['payload'])).toHaveLength(4_096);
  expect((await api.get(`${PATH}/${listed.id}`)).body).toMatchObject({
    payloadTruncated: false,
    payload: { payload: { text: 'x'.repeat(100_000) } },
  });
});

it('a re-driven message comes back to its consumer at its original place, and is a dead letter no more', async () => {
  const headers = newHeaders();
  headers.set('x-vendor', 'acme');
  const sequence = await report(envelope({ n: 1 }), headers);
  const { id, receivedAt } = await oneLetter();
  ingest.refusing = false;
  expect((await api.post(`${PATH}/${id}/redrive`)).status).toBe(202);
  const again = await waitFor(() => ingest.seen[1]);
  expect(again).toMatchObject({
    robotId: 'RB-1',
    position: { sequence, epochMs: ingest.seen[0]!.position.epochMs },
    text: ingest.seen[0]!.text,
  });
  expect(again.receivedAt.toISOString()).toBe(receivedAt);
  expect(await letters()).toEqual([]);
  expect((await api.post(`${PATH}/${id}/redrive`)).body.error.code).toBe('DEAD_LETTER_NOT_FOUND');
});

it('a message that is refused again after its re-drive is a new dead letter of the same place', async () => {
  await report(envelope({ n: 1 }));
  const first = await oneLetter();
  await api.post(`${PATH}/${first.id}/redrive`);
  const second = await waitFor(async () => (await letters()).find(({ id }) => id !== first.id));
  expect(second).toMatchObject({
    consumer: consumer.durable,
    stream: 'ROBOT_TELEMETRY',
    receivedAt: first['receivedAt'],
  });
  expect((second['headers'] as Record<string, unknown>)['Muster-Sequence']).toEqual(
    (first['headers'] as Record<string, unknown>)['Muster-Sequence'],
  );
});

it('re-driving one letter several times at once gives it back once', async () => {
  const manager = await jetstreamManager(outside.nc);
  await report(envelope({ n: 1 }));
  const { id } = await oneLetter();
  const before = (await manager.streams.info('REDRIVES')).state.last_seq;
  ingest.refusing = false;
  const statuses = await Promise.all([1, 2, 3].map(async () => (await api.post(`${PATH}/${id}/redrive`)).status));
  expect(statuses).toContain(202);
  expect(statuses.every((status) => status === 202 || status === 404)).toBe(true);
  await waitFor(async () => (await manager.streams.info('REDRIVES')).state.messages === 0);
  expect((await manager.streams.info('REDRIVES')).state.last_seq).toBe(before + 1);
  expect(ingest.seen).toHaveLength(2);
});

it('a letter whose consumer is gone is not sent to nowhere', async () => {
  await bury(1, 'retired_consumer');
  const { id } = await oneLetter();
  expect((await api.post(`${PATH}/${id}/redrive`)).body.error.code).toBe('VALIDATION_FAILED');
  expect(await letters()).toHaveLength(1);
});

it('lists newest first, page by page, over gaps and by filter', async () => {
  await bury(300, 'one');
  await bury(3, 'two', 'ROBOT_STATUS');
  await bury(300, 'one');
  const all: string[] = [];
  for (let query: string | null = '?limit=100'; query !== null;) {
    const { body, headers }: Answer<Letter[]> = await api.get(PATH + query);
    all.push(...body.map(({ id }) => id));
    const next: string | null = headers.get('x-next-cursor');
    query = next === null ? null : `?limit=100&after=${next}`;
  }
  expect(all).toHaveLength(603);
  expect(all.map(Number)).toEqual(all.map(Number).toSorted((a, b) => b - a));
  const two = await letters('?consumer=two&limit=2');
  expect(two.map(({ payload }) => payload)).toEqual([2, 1]);
  expect(await letters('?stream=ROBOT_STATUS')).toHaveLength(3);
  for (const { id } of two) expect((await api.delete(`${PATH}/${id}`)).status).toBe(204);
  expect((await letters('?stream=ROBOT_STATUS&consumer=two')).map(({ payload }) => payload)).toEqual([0]);
});

it('a letter whose neighbours were dropped stays listed', async () => {
  await bury(3, 'one');
  await bury(1, 'two');
  const [, newest, kept, oldest] = await letters();
  for (const letter of [newest, oldest]) expect((await api.delete(`${PATH}/${letter!.id}`)).status).toBe(204);
  await bury(2, 'two');
  expect(await letters('?consumer=one')).toEqual([kept]);
  expect(await letters()).toHaveLength(4);
});

it.each([
  ['get', '/999999', 404, 'DEAD_LETTER_NOT_FOUND'],
  ['get', '/abc', 404, 'DEAD_LETTER_NOT_FOUND'],
  ['delete', '/999999', 404, 'DEAD_LETTER_NOT_FOUND'],
  ['post', '/0/redrive', 404, 'DEAD_LETTER_NOT_FOUND'],
  ['get', '?limit=101', 400, 'VALIDATION_FAILED'],
  ['get', '?consumer=a.b', 400, 'VALIDATION_FAILED'],
  ['get', '?stream=%3E', 400, 'VALIDATION_FAILED'],
  ['get', '?after=x', 400, 'CURSOR_INVALID'],
] as const)('%s %s answers %d %s', async (method, rest, status, code) => {
  const answer = await api[method](PATH + rest);
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
});

it('ROB-013 only an administrator sees dead letters', async () => {
  const operator = await Api.login(services[0]!.url, 'operator', TEST_PASSWORDS.operator);
  expect((await operator.get(PATH)).status).toBe(403);
  expect((await operator.post(`${PATH}/1/redrive`)).status).toBe(403);
});
