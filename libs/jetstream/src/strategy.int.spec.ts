import { Controller, type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import {
  CONSUMERS,
  type ConsumerContract,
  deadLetterSubject,
  MESSAGE_HEADERS,
  PermanentMessageError,
  redriveSubject,
  ROBOT_MESSAGES,
} from '#libs/contracts';
import { type OpenTestBroker, startOpenTestBroker } from '../../../test/support/broker.js';
import { waitFor } from '../../../test/support/wait.js';
import { BrokerConnection } from './connection.js';
import { PassThroughFilter } from './filters.js';
import { Ingest } from './handler.decorator.js';
import type { Arrival, InboundOf } from './inbound.js';
import { provision } from './provisioning.js';
import { JetStreamPublisher } from './publisher.js';
import { JetStreamStrategy } from './strategy.js';

type Status = InboundOf<typeof ROBOT_MESSAGES.status>;
type Telemetry = InboundOf<typeof ROBOT_MESSAGES.telemetry>;

class DatabaseAway extends Error {}

/** What the handlers saw, and how the next calls shall end. */
const seen = {
  status: [] as Status[],
  batches: [] as Telemetry[][],
  arrivals: [] as Arrival[],
  statusFailures: [] as Error[],
};

@Controller()
class Handlers {
  @Ingest({ consumer: CONSUMERS.statusIngest, message: ROBOT_MESSAGES.status, concurrency: 4 })
  status(message: Status): void {
    seen.status.push(message);
    const failure = seen.statusFailures.shift();
    if (failure) throw failure;
  }

  @Ingest({
    consumer: CONSUMERS.telemetryIngest,
    message: ROBOT_MESSAGES.telemetry,
    concurrency: 2,
    batch: { size: 50, waitMs: 20 },
  })
  telemetry(messages: Telemetry[]): void {
    if (messages.some(({ envelope }) => envelope.payload['poison'] === true)) {
      throw new PermanentMessageError('NOT_STORABLE', 'poison');
    }
    seen.batches.push(messages);
  }

  @Ingest({ consumer: CONSUMERS.telemetryPresence, concurrency: 1, batch: { size: 50, waitMs: 20 } })
  life(arrivals: Arrival[]): void {
    seen.arrivals.push(...arrivals);
  }
}

@Module({ controllers: [Handlers] })
class HandlersModule {}

let server: OpenTestBroker;
let broker: BrokerConnection;
let publisher: JetStreamPublisher;
let app: INestMicroservice;

async function startApp(module: Type): Promise<INestMicroservice> {
  const strategy = new JetStreamStrategy(broker, publisher, (error) => error instanceof DatabaseAway);
  const started = await NestFactory.createMicroservice(module, { strategy, logger: false });
  started.useGlobalFilters(new PassThroughFilter());
  await started.listen();
  return started;
}

function envelope(type: string, robotId: string, payload: unknown): string {
  const messageId = crypto.randomUUID();
  return JSON.stringify({ payloadVersion: 1, messageId, robotId, sentAt: new Date().toISOString(), type, payload });
}

const store = (subject: string, body: string): Promise<unknown> => jetstream(broker.nc).publish(subject, body);

async function deadLetterOf(consumer: ConsumerContract): Promise<StoredMsg> {
  const manager = await jetstreamManager(broker.nc);
  const subject = deadLetterSubject(consumer.stream, consumer.durable);
  return waitFor(() =>
    manager.streams.getMessage('DEAD_LETTERS', { last_by_subj: subject }).then(
      (m) => m ?? undefined,
      () => undefined,
    ),
  );
}

async function settled(consumer: ConsumerContract): Promise<void> {
  const manager = await jetstreamManager(broker.nc);
  await waitFor(async () => {
    const info = await manager.consumers.info(consumer.stream, consumer.durable);
    return info.num_pending === 0 && info.num_ack_pending === 0;
  });
}

beforeAll(async () => {
  server = await startOpenTestBroker();
  broker = await BrokerConnection.open({ url: server.url, name: 'test', inboxPrefix: '_INBOX_test' });
  publisher = new JetStreamPublisher(broker);
  await provision(broker, { replicas: 1 });
  app = await startApp(HandlersModule);
});

afterAll(async () => {
  await app.close();
  publisher.close();
  await broker.close();
  await server.stop();
});

it('ROB-017 feeds a durable’s messages to its handler and acknowledges them', async () => {
  await store('robots.status.RB-1', envelope('status', 'RB-1', { state: 'IDLE' }));
  const message = await waitFor(() => seen.status.find(({ robotId }) => robotId === 'RB-1'));
  expect(message).toMatchObject({
    subject: 'robots.status.RB-1',
    deliveries: 1,
    envelope: { payload: { state: 'IDLE' } },
  });
  await settled(CONSUMERS.statusIngest);
});

it('hands over arrays where the handler asks for them', async () => {
  await Promise.all(
    Array.from({ length: 120 }, (_, n) => store('robots.telemetry.RB-2', envelope('telemetry', 'RB-2', { n }))),
  );
  await waitFor(() => seen.batches.flat().filter(({ robotId }) => robotId === 'RB-2').length === 120);
  expect(Math.max(...seen.batches.map((batch) => batch.length))).toBeGreaterThan(1);
  expect(Math.max(...seen.batches.map((batch) => batch.length))).toBeLessThanOrEqual(50);
  await settled(CONSUMERS.telemetryIngest);
});

it('learns of life from headers alone', async () => {
  await waitFor(() => seen.arrivals.filter(({ robotId }) => robotId === 'RB-2').length === 120);
});

it('ROB-070 buries a message that fails its check, with reason and payload, and later messages flow', async () => {
  await store('robots.status.RB-3', '{"broken"');
  await store('robots.status.RB-3', envelope('status', 'RB-3', { state: 'AFTER' }));
  await waitFor(() => seen.status.find(({ robotId }) => robotId === 'RB-3'));
  const letter = await deadLetterOf(CONSUMERS.statusIngest);
  expect(letter.string()).toBe('{"broken"');
  expect(letter.header.get(MESSAGE_HEADERS.reason)).toBe('MALFORMED_JSON');
  expect(letter.header.get(MESSAGE_HEADERS.subject)).toBe('robots.status.RB-3');
  await settled(CONSUMERS.statusIngest);
});

it('finds the one bad message of a batch and stores its neighbours', async () => {
  const bodies = Array.from({ length: 40 }, (_, n) =>
    envelope('telemetry', 'RB-4', n === 17 ? { poison: true } : { n }),
  );
  await Promise.all(bodies.map((body) => store('robots.telemetry.RB-4', body)));
  await waitFor(() => seen.batches.flat().filter(({ robotId }) => robotId === 'RB-4').length === 39);
  expect((await deadLetterOf(CONSUMERS.telemetryIngest)).string()).toContain('poison');
  await settled(CONSUMERS.telemetryIngest);
});

it('tries a passing failure again and does not bury it', async () => {
  seen.statusFailures.push(...Array.from({ length: 2 }, () => new DatabaseAway()));
  await store('robots.status.RB-5', envelope('status', 'RB-5', {}));
  await waitFor(() => seen.status.filter(({ robotId }) => robotId === 'RB-5').length === 3);
  await settled(CONSUMERS.statusIngest);
});

it('gives a re-driven dead letter back to its handler at its first position', async () => {
  const letter = await deadLetterOf(CONSUMERS.telemetryIngest);
  const mended = letter.string().replace('"poison":true', '"poison":false');
  const { stream, durable } = CONSUMERS.telemetryIngest;
  await jetstream(broker.nc).publish(redriveSubject(stream, durable), mended, { headers: letter.header });
  const again = await waitFor(() => seen.batches.flat().find(({ envelope: e }) => e.payload['poison'] === false));
  expect(again.robotId).toBe('RB-4');
  expect(`${again.position.epochMs}-${again.position.sequence}`).toBe(letter.header.get(MESSAGE_HEADERS.sequence));
});

it('ROB-076 resumes after the broker was killed and loses nothing that it had stored', async () => {
  await server.kill();
  await waitFor(() => !broker.isConnected);
  await server.restart();
  await waitFor(() => broker.isConnected);
  await waitFor(() =>
    store('robots.status.RB-6', envelope('status', 'RB-6', {})).then(
      () => true,
      () => false,
    ),
  );
  await waitFor(() => seen.status.find(({ robotId }) => robotId === 'RB-6'));
});

it('refuses to start when a consumer was not provisioned, and says what to run', async () => {
  const empty = await startOpenTestBroker();
  const connection = await BrokerConnection.open({ url: empty.url, name: 'bare', inboxPrefix: '_INBOX_bare' });
  const strategy = new JetStreamStrategy(connection, publisher, () => false);
  const bare = await NestFactory.createMicroservice(HandlersModule, { strategy, logger: false });
  await expect(bare.listen()).rejects.toThrow(/npm run provision/);
  await connection.close();
  await empty.stop();
});
