import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { Column, DataSource, Entity, PrimaryColumn, type Repository } from 'typeorm';
import { type ConsumerContract, redriveConsumer, ROBOT_MESSAGES } from '#libs/contracts';
import {
  type BrokerConnection,
  Ingest,
  type InboundOf,
  JetStreamPublisher,
  JetStreamStrategy,
  provisionConsumer,
} from '#libs/jetstream';
import type { TestPlatform } from '../support/platform.js';

@Entity({ name: 'bench_saved_samples' })
class SavedSample {
  @PrimaryColumn('uuid') sampleId = '';
  @Column('text') robotId = '';
  @Column('jsonb') payloadJson: object = {};
  @Column('timestamptz') receivedAt = new Date(0);
}

const CONSUMER: ConsumerContract = {
  durable: 'bench_save',
  stream: 'ROBOT_TELEMETRY',
  filter: 'robots.telemetry.*',
  ackWaitMs: 30_000,
  maxAckPending: 1_000,
  headersOnly: false,
  reportsDeliveries: false,
  why: 'What most services do: one save() per message.',
};

const REPOSITORY = Symbol('repository');
const COUNTER = { saved: 0, startedAt: 0, done: (): void => undefined, wanted: 0 };

@Controller()
class PlainHandler {
  constructor(@Inject(REPOSITORY) private readonly samples: Repository<SavedSample>) {}

  @Ingest({ consumer: CONSUMER, message: ROBOT_MESSAGES.telemetry, concurrency: 10 })
  async save(message: InboundOf<typeof ROBOT_MESSAGES.telemetry>): Promise<void> {
    const { robotId, envelope, receivedAt } = message;
    COUNTER.startedAt ||= performance.now();
    await this.samples.save({ sampleId: crypto.randomUUID(), robotId, payloadJson: envelope, receivedAt });
    if (++COUNTER.saved === COUNTER.wanted) COUNTER.done();
  }
}

/** Messages per second of a Nest handler that does TypeORM `save()` for each message, on the same stream and database. */
export async function benchSavePerMessage(
  platform: TestPlatform,
  broker: BrokerConnection,
  wanted: number,
): Promise<number> {
  const dataSource = await new DataSource({
    type: 'postgres',
    url: platform.databaseUrl,
    entities: [SavedSample],
    synchronize: true,
  }).initialize();
  @Module({
    controllers: [PlainHandler],
    providers: [{ provide: REPOSITORY, useValue: dataSource.getRepository(SavedSample) }],
  })
  class PlainModule {}

  await provisionConsumer(broker, CONSUMER);
  const manager = await jetstreamManager(broker.nc);
  const redrive = redriveConsumer(CONSUMER);
  await manager.consumers.add(redrive.stream, {
    durable_name: redrive.durable,
    filter_subject: redrive.filter,
    ack_policy: AckPolicy.Explicit,
  });
  const publisher = new JetStreamPublisher(broker);
  const strategy = new JetStreamStrategy(broker, publisher, () => false);
  const app = await NestFactory.createMicroservice(PlainModule, { strategy, logger: false });
  const finished = new Promise<void>((resolve) =>
    Object.assign(COUNTER, { saved: 0, startedAt: 0, wanted, done: resolve }),
  );
  await app.listen();
  await finished;
  const rate = wanted / ((performance.now() - COUNTER.startedAt) / 1_000);
  await app.close();
  publisher.close();
  await dataSource.destroy();
  return rate;
}
