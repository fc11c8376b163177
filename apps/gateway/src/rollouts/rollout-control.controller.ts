import { Body, Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ROLLOUTS_REQUESTS, ROUTES, type RolloutAction, type RolloutDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { RolloutId } from './rollout.id.js';
import { RolloutResumeRequest } from './rollouts.dto.js';
import { RolloutResponse } from './rollouts.responses.js';

const CONTROL = { response: RolloutResponse, errors: ['ROLLOUT_NOT_FOUND', 'ROLLOUT_STATE_CONFLICT'] } as const;

/** What a person does to a rollout that runs. */
@ApiTags('rollouts')
@Controller()
export class RolloutControlController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.rolloutsPause, CONTROL)
  pause(@RolloutId() rolloutId: string, @CurrentPrincipal() principal: Principal): Promise<RolloutDto> {
    return this.act(rolloutId, { kind: 'pause' }, principal);
  }

  @Endpoint(ROUTES.rolloutsResume, CONTROL)
  resume(
    @RolloutId() rolloutId: string,
    @Body() body: RolloutResumeRequest | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RolloutDto> {
    return this.act(rolloutId, { kind: 'resume', force: body?.force ?? false }, principal);
  }

  @Endpoint(ROUTES.rolloutsAbort, CONTROL)
  abort(@RolloutId() rolloutId: string, @CurrentPrincipal() principal: Principal): Promise<RolloutDto> {
    return this.act(rolloutId, { kind: 'abort' }, principal);
  }

  @Endpoint(ROUTES.rolloutsRetry, CONTROL)
  retry(@RolloutId() rolloutId: string, @CurrentPrincipal() principal: Principal): Promise<RolloutDto> {
    return this.act(rolloutId, { kind: 'retry' }, principal);
  }

  @Endpoint(ROUTES.rolloutsRollBack, CONTROL)
  rollBack(@RolloutId() rolloutId: string, @CurrentPrincipal() principal: Principal): Promise<RolloutDto> {
    return this.act(rolloutId, { kind: 'rollback' }, principal);
  }

  private act(rolloutId: string, action: RolloutAction, principal: Principal): Promise<RolloutDto> {
    const { by } = requesterOf(principal);
    return this.rpc.ask(ROLLOUTS_REQUESTS.act, { rollout_id: rolloutId, action, by });
  }
}
