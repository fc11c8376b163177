import { Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BrokerConnection, JetStreamPublisher } from '#libs/jetstream';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.js';

/** Offers the `Outbox` of one schema to the module that imports it; the schema has the table of `createOutbox()`. */
@Module({})
export class OutboxModule {
  static forFeature(schema: string): DynamicModule {
    return {
      module: OutboxModule,
      providers: [
        { provide: `outbox:${schema}`, useValue: schema },
        {
          provide: Outbox,
          inject: [DataSource, JetStreamPublisher, BrokerConnection],
          useFactory: (dataSource: DataSource, publisher: JetStreamPublisher, broker: BrokerConnection) =>
            new Outbox(new OutboxRepository(dataSource, schema), publisher, broker),
        },
      ],
      exports: [Outbox],
    };
  }
}
