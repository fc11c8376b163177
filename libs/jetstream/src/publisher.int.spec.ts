import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { from, type Observable } from 'rxjs';
import { lastValueFrom, toArray } from 'rxjs';
import { MusterError, type RequestContract } from '#libs/contracts';
import { type OpenTestBroker, startOpenTestBroker } from '../../../test/support/broker.js';
import { waitFor } from '../../../test/support/wait.js';
import { BrokerConnection } from './connection.js';
import { RpcErrorFilter } from './filters.js';
import { provision } from './provisioning.js';
import { JetStreamPublisher, PublishFailedError } from './publisher.js';
import { Answers, RpcClient, RpcServer } from './rpc.js';

const DOUBLE: RequestContract<{ n: number }, { n: number }> = { subject: 'rpc.test.double' };
const COUNT: RequestContract<{ to: number }, number> = { subject: 'rpc.test.count' };
const SILENT: RequestContract<null, null> = { subject: 'rpc.test.silent' };
const NOBODY: RequestContract<null, null> = { subject: 'rpc.test.nobody' };

@Controller()
class Responder {
  @Answers(DOUBLE)
  double({ n }: { n: number }): { n: number } {
    if (n < 0) throw new MusterError('VALIDATION_FAILED', 'n is negative', { n });
    if (n === 0) throw new TypeError('a secret of the inside');
    return { n: n * 2 };
  }

  @Answers(COUNT)
  count({ to }: { to: number }): Observable<number> {
    return from(Array.from({ length: to }, (_, i) => i));
  }

  @Answers(SILENT)
  silent(): Promise<never> {
    return new Promise(() => undefined);
  }
}

@Module({ controllers: [Responder] })
class ResponderModule {}

let server: OpenTestBroker;
let broker: BrokerConnection;

beforeAll(async () => {
  server = await startOpenTestBroker();
  broker = await BrokerConnection.open({ url: server.url, name: 'test', inboxPrefix: '_INBOX_test' });
  await provision(broker, { replicas: 1 });
});

afterAll(async () => {
  await broker.close();
  await server.stop();
});

describe('JetStreamPublisher', () => {
  let publisher: JetStreamPublisher;
  beforeAll(() => (publisher = new JetStreamPublisher(broker)));
  afterAll(() => publisher.close());

  it('tells sequence and duplicates of many publishes under way at once', async () => {
    const publishes = Array.from({ length: 2_000 }, (_, n) =>
      publisher.publish('events.robots.RB-1.x', '{}', { messageId: `m${n % 1_000}` }),
    );
    const stored = await Promise.all(publishes);
    expect(stored.filter(({ duplicate }) => duplicate)).toHaveLength(1_000);
    expect(new Set(stored.map(({ sequence }) => sequence)).size).toBe(1_000);
    expect(stored[0]?.stream).toBe('EVENTS');
  });

  it('fails with the subject when no stream listens', async () => {
    await expect(publisher.publish('nobody.listens', '{}', { messageId: 'x' })).rejects.toThrow(/nobody\.listens/);
  });

  it('fails at once while the broker is away, and works again after', async () => {
    await server.kill();
    await waitFor(() => !broker.isConnected);
    await expect(publisher.publish('events.robots.RB-1.x', '{}', { messageId: 'away' })).rejects.toThrow(
      PublishFailedError,
    );
    await server.restart();
    await waitFor(() => publisher.publish('events.robots.RB-1.x', '{}', { messageId: 'back' }).catch(() => undefined));
  });
});

describe('RpcClient and RpcServer', () => {
  let app: INestMicroservice;
  let client: RpcClient;
  beforeAll(async () => {
    app = await NestFactory.createMicroservice(ResponderModule, { strategy: new RpcServer(broker), logger: false });
    app.useGlobalFilters(new RpcErrorFilter(() => false));
    await app.listen();
    client = new RpcClient(broker);
  });
  afterAll(async () => {
    await client.onModuleDestroy();
    await app.close();
  });

  it('asks a question and gets the answer over the shared connection', async () => {
    expect(await client.ask(DOUBLE, { n: 21 })).toEqual({ n: 42 });
  });

  it('passes the parts of a long answer on in order', async () => {
    expect(await lastValueFrom(client.stream(COUNT, { to: 500 }).pipe(toArray()))).toEqual(
      Array.from({ length: 500 }, (_, i) => i),
    );
  });

  it('brings a domain error back with code and details, and hides any other', async () => {
    await expect(client.ask(DOUBLE, { n: -1 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { n: -1 },
    });
    const hidden = await client.ask(DOUBLE, { n: 0 }).catch((error: unknown) => error);
    expect(hidden).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(String(hidden)).not.toContain('secret');
  });

  it('says whether nobody listens or nobody answered in time', async () => {
    await expect(client.ask(NOBODY, null)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(client.ask(SILENT, null, 100)).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
  });
});
