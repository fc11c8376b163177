import { Controller } from '@nestjs/common';
import { ORCHESTRATORS_REQUESTS, type OrchestratorGrant } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { GrantService } from './grant.service.js';
import { Registrar, type RegistrationRequest } from './registrar.js';

@Controller()
export class RegistrationResponder {
  constructor(
    private readonly registrar: Registrar,
    private readonly grants: GrantService,
  ) {}

  @Answers(ORCHESTRATORS_REQUESTS.register)
  register(request: RegistrationRequest): Promise<OrchestratorGrant> {
    return this.registrar.register(request);
  }

  @Answers(ORCHESTRATORS_REQUESTS.renew)
  renew(request: { entity_id: string; grant_id: string; token_life_s: number }): Promise<OrchestratorGrant> {
    return this.grants.renew(request.entity_id, request.grant_id, request.token_life_s);
  }

  @Answers(ORCHESTRATORS_REQUESTS.reset)
  reset({ entity_id }: { entity_id: string }): Promise<{ grant_ids: readonly string[]; enrolment_secret: string }> {
    return this.grants.reset(entity_id);
  }
}
