import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { OutboxModule } from '#libs/outbox';
import { ENTITIES } from './entities/entities.providers.js';
import { DeviceRecordResponder } from './entities/device-record.responder.js';
import { EntitiesResponder } from './entities/entities.responder.js';
import { RecordsResponder } from './entities/records.responder.js';
import { AckPruner } from './events/ack.pruner.js';
import { AckRepository } from './events/ack.repository.js';
import { ConfigurationKeyRepository } from './events/configuration-key.repository.js';
import { ConfigurationRepository } from './events/configuration.repository.js';
import { EventService } from './events/event.service.js';
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
import { CommandRepository } from './presence/command.repository.js';
import { CommandService } from './presence/command.service.js';
import { ContactRepository } from './presence/contact.repository.js';
import { ContactResponder } from './presence/contact.responder.js';
import { HeartbeatRepository } from './presence/heartbeat.repository.js';
import { HeartbeatService } from './presence/heartbeat.service.js';
import { OrchestratorRepository } from './presence/orchestrator.repository.js';
import { OrchestratorsResponder } from './presence/orchestrators.responder.js';
import { PresenceRepository } from './presence/presence.repository.js';
import { PresenceSettings } from './presence/presence.settings.js';
import { PresenceSweeper } from './presence/presence.sweeper.js';
import { GrantService } from './registration/grant.service.js';
import { Registrar } from './registration/registrar.js';
import { RegistrationRepository } from './registration/registration.repository.js';
import { RegistrationResponder } from './registration/registration.responder.js';
import { RegistrationSettings } from './registration/registration.settings.js';
import { RegistrationSweeper } from './registration/registration.sweeper.js';
import { RegistrationTraces } from './registration/registration.traces.js';
import { HeadRepository } from './sync/head.repository.js';
import { SumRepository } from './sync/sum.repository.js';
import { SyncResponder } from './sync/sync.responder.js';
import { SyncService } from './sync/sync.service.js';
import { VersionRepository } from './sync/version.repository.js';
import { TASKS } from './tasks/tasks.providers.js';
import { TasksResponder } from './tasks/tasks.responder.js';

const REGISTRATION = [
  Registrar,
  GrantService,
  RegistrationSweeper,
  RegistrationRepository,
  RegistrationTraces,
  RegistrationSettings,
];
const PRESENCE = [
  HeartbeatService,
  CommandService,
  PresenceSweeper,
  HeartbeatRepository,
  CommandRepository,
  ContactRepository,
  PresenceRepository,
  OrchestratorRepository,
  PresenceSettings,
];
const SYNC = [SyncService, HeadRepository, VersionRepository, SumRepository];
const EVENTS = [EventService, AckPruner, AckRepository, ConfigurationKeyRepository, ConfigurationRepository];

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
  providers: [...ENTITIES, ...REGISTRATION, ...PRESENCE, ...IMPORTS, ...EVENTS, ...SYNC, ...TASKS],
})
export class OrchestratorsModule {}
