import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { ENTITIES } from './entities/entities.providers.js';
import { EntitiesResponder } from './entities/entities.responder.js';
import { EVENTS } from './events/events.providers.js';
import { EventsResponder } from './events/events.responder.js';
import { IMPORTS } from './imports/imports.providers.js';
import { ImportsResponder } from './imports/imports.responder.js';
import { Orchestrators0001 } from './migrations/0001-entities.js';
import { Orchestrators0002 } from './migrations/0002-registration.js';
import { Orchestrators0003 } from './migrations/0003-tasks.js';
import { Orchestrators0004 } from './migrations/0004-imports.js';
import { Orchestrators0005 } from './migrations/0005-events.js';
import { Orchestrators0006 } from './migrations/0006-sync.js';
import { Orchestrators0007 } from './migrations/0007-departures.js';
import { Orchestrators0008 } from './migrations/0008-configuration-keys.js';
import { ContactResponder } from './presence/contact.responder.js';
import { OrchestratorsResponder } from './presence/orchestrators.responder.js';
import { PRESENCE } from './presence/presence.providers.js';
import { DeviceRecordResponder } from './records/device-record.responder.js';
import { RECORDS } from './records/records.providers.js';
import { RecordsResponder } from './records/records.responder.js';
import { REGISTRATION } from './registration/registration.providers.js';
import { RegistrationResponder } from './registration/registration.responder.js';
import { SYNC } from './sync/sync.providers.js';
import { SyncResponder } from './sync/sync.responder.js';
import { TASKS } from './tasks/tasks.providers.js';
import { TasksResponder } from './tasks/tasks.responder.js';

@Module({
  imports: [
    SchemaModule.forFeature({
      schema: 'orchestrators',
      entities: [],
      migrations: [
        Orchestrators0001,
        Orchestrators0002,
        Orchestrators0003,
        Orchestrators0004,
        Orchestrators0005,
        Orchestrators0006,
        Orchestrators0007,
        Orchestrators0008,
      ],
    }),
    OutboxModule.forFeature('orchestrators'),
  ],
  controllers: [
    EntitiesResponder,
    RecordsResponder,
    DeviceRecordResponder,
    ImportsResponder,
    EventsResponder,
    RegistrationResponder,
    OrchestratorsResponder,
    ContactResponder,
    SyncResponder,
    TasksResponder,
  ],
  providers: [...ENTITIES, ...RECORDS, ...REGISTRATION, ...PRESENCE, ...IMPORTS, ...EVENTS, ...SYNC, ...TASKS],
})
export class OrchestratorsModule {}
