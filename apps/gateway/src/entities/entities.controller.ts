import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ENTITIES_REQUESTS,
  type EnrolmentSecretDto,
  type EntityCreatedDto,
  type EntityDto,
  HTTP_HEADERS,
  ROUTES,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { JsonBody } from '../http/edge.body.js';
import { OrchestratorGrants } from '../orchestrators/orchestrator.grants.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { RobotTokens } from '../robots/robot.tokens.js';
import { Endpoint } from '../http/route.decorator.js';
import { EntityListQuery, EntityUpdateRequest, NewEntityRequest, toEntityFields, toNewEntity } from './entities.dto.js';
import { EnrolmentSecretResponse, EntityCreatedResponse, EntityResponse } from './entities.responses.js';
import { EntityId } from './path.parameters.js';
import { wholePage } from './whole.page.js';

const LIST_HEADERS = {
  ...PAGE_HEADERS,
  'X-Total-Count': { description: 'How many entities there are.', schema: { type: 'integer' } },
} as const;
const ERRORS = ['ENTITY_NOT_FOUND'] as const;

@ApiTags('entities')
@Controller()
export class EntitiesController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly grants: OrchestratorGrants,
    private readonly robotTokens: RobotTokens,
  ) {}

  @Endpoint(ROUTES.entitiesCreate, { response: EntityCreatedResponse, status: 201, errors: ['ENTITY_EXISTS'] })
  create(@JsonBody() body: NewEntityRequest): Promise<EntityCreatedDto> {
    return this.rpc.ask(ENTITIES_REQUESTS.create, toNewEntity(body));
  }

  @Endpoint(ROUTES.entitiesList, { response: [EntityResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [EntityResponse], headers: LIST_HEADERS })
  async list(
    @Query() query: EntityListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly EntityDto[]> {
    const { items, next } = await wholePage(query, async (limit, after) => {
      const page = await this.rpc.ask(ENTITIES_REQUESTS.list, { limit, ...(after && { after }) });
      reply.header(HTTP_HEADERS.totalCount, page.total);
      return { items: page.entities, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }

  @Endpoint(ROUTES.entitiesGet, { response: EntityResponse, errors: ERRORS })
  get(@EntityId() entityId: string): Promise<EntityDto> {
    return this.rpc.ask(ENTITIES_REQUESTS.get, { entity_id: entityId });
  }

  @Endpoint(ROUTES.entitiesUpdate, { response: EntityResponse, errors: ERRORS })
  update(@EntityId() entityId: string, @JsonBody() body: EntityUpdateRequest): Promise<EntityDto> {
    return this.rpc.ask(ENTITIES_REQUESTS.update, { entity_id: entityId, fields: toEntityFields(body) });
  }

  @Endpoint(ROUTES.entitiesDelete, { errors: ERRORS })
  async remove(@EntityId() entityId: string): Promise<void> {
    // First: tokens would be good for an entity that is made anew under the same id.
    await this.grants.end(entityId);
    await this.robotTokens.revokeOfEntity(entityId);
    await this.rpc.ask(ENTITIES_REQUESTS.remove, { entity_id: entityId }, REMOVE_TIMEOUT_MS);
    // Once more: one may have been issued in between.
    await this.robotTokens.revokeOfEntity(entityId);
  }

  @Endpoint(ROUTES.entitiesEnrol, { response: EnrolmentSecretResponse, status: 201, errors: ERRORS })
  enrol(@EntityId() entityId: string): Promise<EnrolmentSecretDto> {
    return this.rpc.ask(ENTITIES_REQUESTS.enrol, { entity_id: entityId });
  }
}

/** All records go with it. */
const REMOVE_TIMEOUT_MS = 20_000;
