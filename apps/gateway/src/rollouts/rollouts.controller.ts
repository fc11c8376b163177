import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ROLLOUTS_REQUESTS,
  ROUTES,
  type RolloutDeviceDto,
  type RolloutDryRunDto,
  type RolloutDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { RolloutId } from './rollout.id.js';
import { RolloutCreateRequest, RolloutDeviceQuery, RolloutListQuery, toRolloutRequest } from './rollouts.dto.js';
import { RolloutDeviceResponse, RolloutDryRunResponse, RolloutResponse } from './rollouts.responses.js';

const DRY_RUN_TIMEOUT_MS = 20_000;

/** Staged rollouts of firmware: planned, started, watched. */
@ApiTags('rollouts')
@Controller()
export class RolloutsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.rolloutsCreate, {
    status: 201,
    response: RolloutResponse,
    errors: ['FIRMWARE_NOT_FOUND', 'ROLLOUT_STATE_CONFLICT'],
  })
  create(
    @JsonBody() body: RolloutCreateRequest,
    @Caller() { requester: { by }, idempotencyKey }: KeyedRequester,
  ): Promise<RolloutDto> {
    const key = idempotencyKey === undefined ? {} : { idempotencyKey: `${by} ${idempotencyKey}` };
    return this.rpc.ask(ROLLOUTS_REQUESTS.create, { request: toRolloutRequest(body), by, ...key });
  }

  @Endpoint(ROUTES.rolloutsPlan, { response: RolloutDryRunResponse, errors: ['FIRMWARE_NOT_FOUND'] })
  dryRun(@JsonBody() body: RolloutCreateRequest): Promise<RolloutDryRunDto> {
    return this.rpc.ask(ROLLOUTS_REQUESTS.dryRun, { request: toRolloutRequest(body) }, DRY_RUN_TIMEOUT_MS);
  }

  @Endpoint(ROUTES.rolloutsList, { response: [RolloutResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [RolloutResponse], headers: PAGE_HEADERS })
  async list(
    @Query() { ...query }: RolloutListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly RolloutDto[]> {
    const { rollouts, next } = await this.rpc.ask(ROLLOUTS_REQUESTS.list, query);
    linkNext(request, reply, next);
    return rollouts;
  }

  @Endpoint(ROUTES.rolloutsGet, { response: RolloutResponse, errors: ['ROLLOUT_NOT_FOUND'] })
  get(@RolloutId() rolloutId: string): Promise<RolloutDto> {
    return this.rpc.ask(ROLLOUTS_REQUESTS.get, { rollout_id: rolloutId });
  }

  @Endpoint(ROUTES.rolloutsDevices, {
    response: [RolloutDeviceResponse],
    errors: ['ROLLOUT_NOT_FOUND', 'CURSOR_INVALID'],
  })
  @ApiResponse({ status: 200, type: [RolloutDeviceResponse], headers: PAGE_HEADERS })
  async devices(
    @RolloutId() rolloutId: string,
    @Query() { ...query }: RolloutDeviceQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly RolloutDeviceDto[]> {
    const { devices, next } = await this.rpc.ask(ROLLOUTS_REQUESTS.devices, { rollout_id: rolloutId, ...query });
    linkNext(request, reply, next);
    return devices;
  }
}
