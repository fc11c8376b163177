import { Module } from '@nestjs/common';
import { OrchestratorEventsModule } from '../orchestrator-events/orchestrator-events.module.js';
import { GrpcServer } from './grpc.server.js';
import { GrpcSettings } from './grpc.settings.js';
import { OrchestratorSyncCalls } from './orchestrator-sync.calls.js';
import { RestCalls } from './rest.calls.js';

@Module({
  imports: [OrchestratorEventsModule],
  providers: [GrpcServer, OrchestratorSyncCalls, RestCalls, GrpcSettings],
})
export class GrpcModule {}
