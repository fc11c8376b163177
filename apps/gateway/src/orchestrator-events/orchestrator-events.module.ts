import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { BatchTypesModule } from '../batch/batch-types.module.js';
import { HubModule } from '../hub/hub.module.js';
import { LiveModule } from '../live/live.module.js';
import { ContactReporter } from './contact.reporter.js';
import { EntityEventsController } from './entity-events.controller.js';
import { EventAcknowledger } from './event.acknowledger.js';
import { EventAcksController } from './event-acks.controller.js';
import { EventStream } from './event.stream.js';
import { EventStreamController } from './event-stream.controller.js';
import { OrchestratorConversations } from './orchestrator.conversations.js';
import { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';
import { OrchestratorSocket } from './orchestrator.socket.js';
import { StreamDoor } from './stream.door.js';
import { StreamOpening } from './stream.opening.js';

@Module({
  imports: [AuthModule, AuditModule, LiveModule, HubModule, BatchTypesModule],
  controllers: [EventStreamController, EventAcksController, EntityEventsController],
  providers: [
    EventStream,
    StreamOpening,
    StreamDoor,
    OrchestratorSessions,
    OrchestratorSocket,
    OrchestratorConversations,
    EventAcknowledger,
    ContactReporter,
    OrchestratorEventsSettings,
  ],
  exports: [StreamDoor, OrchestratorSessions, EventAcknowledger],
})
export class OrchestratorEventsModule {}
