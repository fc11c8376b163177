import { Controller, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '#libs/auth';
import { MusterError, RATE_LIMITS, ROUTES, type HeartbeatAnswer } from '#libs/contracts';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody } from '../http/edge.body.js';
import { showAllowance } from '../limits/allowance.js';
import { Endpoint } from '../http/route.decorator.js';
import { OrchestratorHeartbeatRequest, OrchestratorHeartbeatResponse } from './heartbeat.dto.js';
import { OrchestratorHeartbeats } from './orchestrator.heartbeats.js';

/** A heartbeat takes its place until the next may come: nothing remains of the limit. */
const TAKEN = { isExceeded: false, limit: RATE_LIMITS.heartbeat.points, remaining: 0 } as const;

@ApiTags('orchestrators')
@Controller()
export class HeartbeatController {
  constructor(private readonly heartbeats: OrchestratorHeartbeats) {}

  @Endpoint(ROUTES.orchestratorsHeartbeat, {
    response: OrchestratorHeartbeatResponse,
    errors: ['ENTITY_ACCESS_DENIED', 'ORCHESTRATOR_NOT_FOUND'],
  })
  async take(
    @JsonBody() body: OrchestratorHeartbeatRequest,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HeartbeatAnswer> {
    try {
      const answer = await this.heartbeats.take(principal, body);
      const apartS = Math.min(RATE_LIMITS.heartbeat.windowS, answer.next_heartbeat_seconds);
      showAllowance(reply, { ...TAKEN, resetMs: apartS * 1000 });
      return answer;
    } catch (error) {
      showAllowance(reply, { ...TAKEN, resetMs: waitMs(error) });
      throw error;
    }
  }
}

function waitMs(error: unknown): number {
  const seconds = error instanceof MusterError ? error.details['retryAfterSeconds'] : undefined;
  return typeof seconds === 'number' ? seconds * 1000 : 0;
}
