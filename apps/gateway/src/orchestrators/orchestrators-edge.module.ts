import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { PublicUrl, PublicUrlSettings } from '../public.url.js';
import { OrchestratorTokens } from './orchestrator.tokens.js';
import { RegistrationController } from './registration.controller.js';
import { RegistrationLimiter } from './registration.limiter.js';

@Module({
  imports: [AuthModule],
  controllers: [RegistrationController],
  providers: [OrchestratorTokens, RegistrationLimiter, PublicUrl, PublicUrlSettings],
})
export class OrchestratorsEdgeModule {}
