import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { EntityRepository } from './entities/entity.repository.js';
import { Orchestrators0001 } from './migrations/0001-entities.js';

@Module({
  imports: [
    SchemaModule.forFeature({ schema: 'orchestrators', entities: [], migrations: [Orchestrators0001] }),
    OutboxModule.forFeature('orchestrators'),
  ],
  providers: [EntityRepository],
})
export class OrchestratorsModule {}
