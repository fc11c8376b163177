import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { connectDataSource } from '#libs/database';
import type { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { waitFor } from '../../../test/support/wait.js';
import { createOutbox, OutboxRepository, outboxOf } from './outbox.repository.js';
import { Outbox } from './outbox.js';

describe('an outbox', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let outbox: Outbox;
  const stored: string[] = [];
  /** Message ids whose next publish fails. */
  const failing = new Set<string>();

  beforeAll(async () => {
    Logger.overrideLogger(false);
    database = await createTestDatabase();
    dataSource = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 });
    await dataSource.query(`CREATE SCHEMA "things"`);
    await dataSource.query(createOutbox('things'));
    const publisher = {
      publish: (_subject: string, _body: string, { messageId }: { messageId: string }) => {
        if (failing.delete(messageId)) return Promise.reject(new Error('no answer'));
        stored.push(messageId);
        return Promise.resolve();
      },
    } as unknown as JetStreamPublisher;
    const broker = { isConnected: true } as BrokerConnection;
    outbox = new Outbox(new OutboxRepository(dataSource, 'things'), publisher, broker);
    outbox.onApplicationBootstrap();
  });

  afterAll(async () => {
    await outbox.onModuleDestroy();
    await dataSource.destroy();
    await database.drop();
  });

  const enqueue = (...messages: readonly (readonly [subject: string, messageId: string])[]): Promise<void> =>
    dataSource.transaction((tx) =>
      outboxOf('things').enqueue(
        tx,
        messages.map(([subject, messageId]) => ({ subject, messageId, body: {} })),
      ),
    );

  it('keeps the order of a subject although a publish fails, and holds up no other subject', async () => {
    failing.add('a-2');
    await enqueue(['a', 'a-1'], ['a', 'a-2'], ['b', 'b-1'], ['a', 'a-3'], ['b', 'b-2']);
    outbox.kick();
    await waitFor(() => stored.length === 3);
    expect(stored.toSorted()).toEqual(['a-1', 'b-1', 'b-2']);
    await waitFor(() => stored.length === 5);
    expect(stored.filter((id) => id.startsWith('a'))).toEqual(['a-1', 'a-2', 'a-3']);
    expect(await dataSource.query(`SELECT 1 FROM "things"."outbox"`)).toEqual([]);
  });
});
