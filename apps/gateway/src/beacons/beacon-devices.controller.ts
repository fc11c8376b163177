import { Body, Controller, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import {
  type BeaconDeviceDetail,
  type BeaconDeviceDto,
  BEACONS_REQUESTS,
  HTTP_HEADERS,
  type QueuedBeaconCommand,
  ROUTES,
  type UnlockChallengeDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { EntityId } from '../entities/path.parameters.js';
import { wholePage } from '../entities/whole.page.js';
import { requesterOf } from '../http/requester.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { BeaconId, OptionalObject } from './beacon.parameters.js';
import {
  BeaconCommandRequest,
  BeaconDeviceListQuery,
  toBeaconCommand,
  UnlockChallengeRequest,
} from './beacon-devices.dto.js';
import {
  BeaconDeviceDetailResponse,
  BeaconDeviceResponse,
  QueuedBeaconCommandResponse,
  UnlockChallengeResponse,
} from './beacon-devices.responses.js';

const LIST_HEADERS = {
  ...PAGE_HEADERS,
  'X-Total-Count': { description: 'How many beacons the filter matches.', schema: { type: 'integer' } },
} as const;

/** The fleet of beacons of a mall, for people. */
@ApiTags('beacons')
@Controller()
export class BeaconDevicesController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.beaconDevicesList, { response: [BeaconDeviceResponse] })
  @ApiResponse({ status: 200, type: [BeaconDeviceResponse], headers: LIST_HEADERS })
  async list(
    @EntityId() entityId: string,
    @Query() { q: text, limit, after, ...filter }: BeaconDeviceListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly BeaconDeviceDto[]> {
    const query = { ...filter, entity_id: entityId, ...(text === undefined ? {} : { text }) };
    const { items, next } = await wholePage({ limit, ...(after && { after }) }, async (count, from) => {
      const page = await this.rpc.ask(BEACONS_REQUESTS.list, { ...query, limit: count, ...(from && { after: from }) });
      reply.header(HTTP_HEADERS.totalCount, page.total);
      return { items: page.devices, next: page.next };
    });
    linkNext(request, reply, next);
    return items;
  }

  @Endpoint(ROUTES.beaconDevicesGet, { response: BeaconDeviceDetailResponse, errors: ['BEACON_NOT_REGISTERED'] })
  get(@EntityId() entityId: string, @BeaconId() beaconId: string): Promise<BeaconDeviceDetail> {
    return this.rpc.ask(BEACONS_REQUESTS.get, { entity_id: entityId, beacon_id: beaconId });
  }

  @Endpoint(ROUTES.beaconDevicesApprove, { response: BeaconDeviceDetailResponse, errors: ['BEACON_NOT_REGISTERED'] })
  approve(
    @EntityId() entityId: string,
    @BeaconId() beaconId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BeaconDeviceDetail> {
    const { by } = requesterOf(principal);
    return this.rpc.ask(BEACONS_REQUESTS.approve, { entity_id: entityId, beacon_id: beaconId, by });
  }

  @Endpoint(ROUTES.beaconDevicesWithdraw, { response: BeaconDeviceDetailResponse, errors: ['BEACON_NOT_REGISTERED'] })
  withdraw(@EntityId() entityId: string, @BeaconId() beaconId: string): Promise<BeaconDeviceDetail> {
    return this.rpc.ask(BEACONS_REQUESTS.withdraw, { entity_id: entityId, beacon_id: beaconId });
  }

  @Endpoint(ROUTES.beaconDevicesDelete, { errors: ['BEACON_NOT_REGISTERED'] })
  async remove(@EntityId() entityId: string, @BeaconId() beaconId: string): Promise<void> {
    await this.rpc.ask(BEACONS_REQUESTS.remove, { entity_id: entityId, beacon_id: beaconId });
  }

  @Endpoint(ROUTES.beaconDevicesCommand, {
    response: QueuedBeaconCommandResponse,
    status: 202,
    errors: ['BEACON_NOT_REGISTERED', 'OVERLOADED'],
  })
  command(
    @EntityId() entityId: string,
    @BeaconId() beaconId: string,
    @JsonBody() body: BeaconCommandRequest,
    @Caller() { requester, idempotencyKey }: KeyedRequester,
  ): Promise<QueuedBeaconCommand> {
    return this.rpc.ask(BEACONS_REQUESTS.command, {
      entity_id: entityId,
      beacon_id: beaconId,
      command: toBeaconCommand(body),
      by: requester.by,
      ...(body.expires_in_seconds && { expires_in_s: body.expires_in_seconds }),
      ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
    });
  }

  @Endpoint(ROUTES.beaconDevicesUnlock, {
    response: UnlockChallengeResponse,
    errors: ['BEACON_NOT_REGISTERED', 'BEACON_NOT_APPROVED'],
  })
  unlock(
    @EntityId() entityId: string,
    @BeaconId() beaconId: string,
    @Body(new OptionalObject()) { device_id: deviceId, type = 'ble' }: UnlockChallengeRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UnlockChallengeDto> {
    const { by } = requesterOf(principal);
    const challenge = { entity_id: entityId, beacon_id: beaconId, user_id: by, device_id: deviceId ?? null, type };
    return this.rpc.ask(BEACONS_REQUESTS.unlockChallenge, challenge);
  }
}
