import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { LiveModule } from '../live/live.module.js';
import { ContactReporter } from './contact.reporter.js';
import { EventStreamController } from './event-stream.controller.js';
import { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';
import { StreamOpening } from './stream.opening.js';

@Module({
  imports: [AuthModule, LiveModule],
  controllers: [EventStreamController],
  providers: [StreamOpening, OrchestratorSessions, ContactReporter, OrchestratorEventsSettings],
  exports: [StreamOpening, OrchestratorSessions],
})
export class OrchestratorEventsModule {}
