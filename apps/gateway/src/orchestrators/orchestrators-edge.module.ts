import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { OrchestratorEventsModule } from '../orchestrator-events/orchestrator-events.module.js';
import { PublicUrl, PublicUrlSettings } from '../http/public.url.js';
import { HeartbeatController } from './heartbeat.controller.js';
import { OrchestratorGrants } from './orchestrator.grants.js';
import { OrchestratorHeartbeats } from './orchestrator.heartbeats.js';
import { OrchestratorTokens } from './orchestrator.tokens.js';
import { OrchestratorsController } from './orchestrators.controller.js';
import { RegistrantGuard } from './registrant.guard.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationLimiter } from './registration.limiter.js';

@Module({
  imports: [AuthModule, OrchestratorEventsModule],
  controllers: [RegistrationController, HeartbeatController, OrchestratorsController],
  providers: [
    OrchestratorTokens,
    RegistrationLimiter,
    RegistrantGuard,
    OrchestratorHeartbeats,
    OrchestratorGrants,
    PublicUrl,
    PublicUrlSettings,
  ],
  exports: [OrchestratorGrants, OrchestratorHeartbeats, OrchestratorTokens],
})
export class OrchestratorsEdgeModule {}
