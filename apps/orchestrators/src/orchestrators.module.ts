import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { AnnouncementRepository } from './entities/announcement.repository.js';
import { Announcer } from './entities/announcer.js';
import { EntitiesResponder } from './entities/entities.responder.js';
import { EntityRepository } from './entities/entity.repository.js';
import { EntityService } from './entities/entity.service.js';
import { RecordReader } from './entities/record.reader.js';
import { RecordRepository } from './entities/record.repository.js';
import { RecordService } from './entities/record.service.js';
import { RecordWriter } from './entities/record.writer.js';
import { RecordsResponder } from './entities/records.responder.js';
import { Orchestrators0001 } from './migrations/0001-entities.js';
import { Orchestrators0006 } from './migrations/0006-sync.js';
import { SumRepository } from './sync/sum.repository.js';

const ENTITIES = [EntityService, RecordService, RecordWriter, RecordReader, EntityRepository, RecordRepository];
const ANNOUNCEMENTS = [Announcer, AnnouncementRepository];

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'orchestrators',
      entities: [],
      migrations: [Orchestrators0001, Orchestrators0006],
    }),
    OutboxModule.forFeature('orchestrators'),
  ],
  controllers: [EntitiesResponder, RecordsResponder],
  providers: [...ENTITIES, ...ANNOUNCEMENTS, SumRepository],
})
export class OrchestratorsModule {}
