import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessLogsEdgeModule } from './access-logs/access-logs-edge.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BeaconsEdgeModule } from './beacons/beacons-edge.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { BatchModule } from './batch/batch.module.js';
import { CommandsEdgeModule } from './commands/commands-edge.module.js';
import { DocsController } from './documents/docs.controller.js';
import { EntitiesEdgeModule } from './entities/entities-edge.module.js';
import { ErrorFilter } from './http/error.filter.js';
import { FirmwareEdgeModule } from './firmware/firmware-edge.module.js';
import { configureGateway } from './gateway.configure.js';
import { GrpcModule } from './grpc/grpc.module.js';
import { HubModule } from './hub/hub.module.js';
import { ListeningPulse } from './listening.pulse.js';
import { OrchestratorEventsModule } from './orchestrator-events/orchestrator-events.module.js';
import { OrchestratorsEdgeModule } from './orchestrators/orchestrators-edge.module.js';
import { RequestGuardsModule } from './request-guards.module.js';
import { RobotsEdgeModule } from './robots/robots-edge.module.js';
import { RolloutsEdgeModule } from './rollouts/rollouts-edge.module.js';
import { SyncEdgeModule } from './sync/sync-edge.module.js';
import { TasksEdgeModule } from './tasks/tasks-edge.module.js';
import { TelemetryEdgeModule } from './telemetry/telemetry.module.js';
import { ServiceHealth } from './service.health.js';
import { createValidationPipe } from './http/validation.pipe.js';

@Module({
  imports: [
    AuthModule,
    RequestGuardsModule,
    AuditModule,
    RobotsEdgeModule,
    CommandsEdgeModule,
    HubModule,
    TelemetryEdgeModule,
    RolloutsEdgeModule,
    DeadLettersModule,
    BeaconsEdgeModule,
    AccessLogsEdgeModule,
    FirmwareEdgeModule,
    OrchestratorsEdgeModule,
    SyncEdgeModule,
    OrchestratorEventsModule,
    GrpcModule,
    EntitiesEdgeModule,
    TasksEdgeModule,
    BatchModule,
  ],
  controllers: [DocsController],
  providers: [
    { provide: APP_PIPE, useFactory: createValidationPipe },
    { provide: APP_FILTER, useClass: ErrorFilter },
    ListeningPulse,
    ServiceHealth,
  ],
})
export class GatewayModule {
  /** To be run by whoever starts the app that this module is in. */
  static configure(this: void, app: NestFastifyApplication): void {
    configureGateway(app);
  }
}
