import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { EntityRepository } from './entities/entity.repository.js';
import { Orchestrators0001 } from './migrations/0001-entities.js';
import { Orchestrators0006 } from './migrations/0006-sync.js';
import { SumRepository } from './sync/sum.repository.js';

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'orchestrators',
      entities: [],
      migrations: [Orchestrators0001, Orchestrators0006],
    }),
    OutboxModule.forFeature('orchestrators'),
  ],
  providers: [EntityRepository, SumRepository],
})
export class OrchestratorsModule {}
