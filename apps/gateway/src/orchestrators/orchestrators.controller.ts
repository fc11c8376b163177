import { Controller, Param, Query, Req } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  ORCHESTRATORS_REQUESTS,
  requireTokenId,
  ROUTES,
  type OrchestratorCommand,
  type OrchestratorDto,
  type OrchestratorPage,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { JsonBody } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { OrchestratorCommandResponse } from './heartbeat.dto.js';
import { OrchestratorGrants } from './orchestrator.grants.js';
import {
  commandBodyOf,
  OrchestratorCommandRequest,
  OrchestratorListQuery,
  OrchestratorPageResponse,
  OrchestratorResetResponse,
  OrchestratorResponse,
} from './orchestrators.dto.js';

/** What people see of orchestrators and do with them. */
@ApiTags('orchestrators')
@Controller()
export class OrchestratorsController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly grants: OrchestratorGrants,
  ) {}

  @Endpoint(ROUTES.orchestratorsList, { response: OrchestratorPageResponse })
  list(@Query() { limit, after }: OrchestratorListQuery): Promise<OrchestratorPage> {
    return this.rpc.ask(ORCHESTRATORS_REQUESTS.list, { limit, ...(after === undefined ? {} : { after }) });
  }

  @Endpoint(ROUTES.orchestratorsGet, { response: OrchestratorResponse, errors: ['ORCHESTRATOR_NOT_FOUND'] })
  get(@Param('entityId') entityId: string): Promise<OrchestratorDto> {
    return this.rpc.ask(ORCHESTRATORS_REQUESTS.get, { entity_id: requireTokenId(entityId, 'entityId') });
  }

  @Endpoint(ROUTES.orchestratorsReset, { response: OrchestratorResetResponse, errors: ['ENTITY_NOT_FOUND'] })
  async reset(@Param('entityId') entityId: string): Promise<OrchestratorResetResponse> {
    const entity_id = requireTokenId(entityId, 'entityId');
    return { entity_id, enrolment_secret: await this.grants.end(entity_id) };
  }

  @Endpoint(ROUTES.orchestratorsCommand, {
    status: 202,
    response: OrchestratorCommandResponse,
    errors: ['ORCHESTRATOR_NOT_FOUND', 'OVERLOADED'],
  })
  @ApiBody({ type: OrchestratorCommandRequest })
  command(
    @Param('entityId') entityId: string,
    @JsonBody() { type }: OrchestratorCommandRequest,
    @Req() { body }: FastifyRequest,
  ): Promise<OrchestratorCommand> {
    const entity_id = requireTokenId(entityId, 'entityId');
    return this.rpc.ask(ORCHESTRATORS_REQUESTS.command, { entity_id, type, body: commandBodyOf(body) });
  }
}
