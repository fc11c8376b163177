import { Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  FIRMWARE_REQUESTS,
  requireTokenId,
  ROUTES,
  type FirmwareDto,
  type FirmwareKeyDto,
  type FirmwarePathDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { PublicUrl } from '../http/public.url.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { DeviceQuery, FirmwareListQuery, LatestQuery, PathQuery, toFirmwareQuery } from './firmware.dto.js';
import { FirmwareKeysResponse, FirmwarePathResponse, FirmwareResponse } from './firmware.responses.js';

const ONE = { response: FirmwareResponse, errors: ['FIRMWARE_NOT_FOUND'] } as const;

/** Which firmware there is. */
@ApiTags('firmware')
@Controller()
export class FirmwareController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Endpoint(ROUTES.firmwareLatest, ONE)
  latest(@Query() query: LatestQuery, @Req() request: FastifyRequest): Promise<FirmwareDto> {
    const { target, device_type, channel } = query;
    return this.rpc.ask(FIRMWARE_REQUESTS.latest, { target, device_type, channel, ...this.links(request) });
  }

  @Endpoint(ROUTES.firmwaresLatest, ONE)
  latestOf(
    @Param('device') target: string,
    @Query() { device_type, channel }: DeviceQuery,
    @Req() request: FastifyRequest,
  ): Promise<FirmwareDto> {
    return this.rpc.ask(FIRMWARE_REQUESTS.latest, { target, device_type, channel, ...this.links(request) });
  }

  @Endpoint(ROUTES.firmwarePath, { response: FirmwarePathResponse, errors: ['FIRMWARE_NOT_FOUND'] })
  path(@Query() query: PathQuery, @Req() request: FastifyRequest): Promise<FirmwarePathDto> {
    const { target, device_type, channel, from, hardware } = query;
    const line = { target, device_type, channel };
    return this.rpc.ask(FIRMWARE_REQUESTS.path, {
      ...line,
      ...this.links(request),
      ...(hardware === undefined ? {} : { hardware }),
      from,
    });
  }

  @Endpoint(ROUTES.firmwaresList, { response: [FirmwareResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [FirmwareResponse], headers: PAGE_HEADERS })
  async list(
    @Query() query: FirmwareListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly FirmwareDto[]> {
    const asked = { query: toFirmwareQuery(query), ...this.links(request) };
    const { items, next } = await this.rpc.ask(FIRMWARE_REQUESTS.list, asked);
    linkNext(request, reply, next);
    return items;
  }

  @Endpoint(ROUTES.firmwareGet, ONE)
  get(@Param('firmwareId') firmwareId: string, @Req() request: FastifyRequest): Promise<FirmwareDto> {
    const firmware_id = requireTokenId(firmwareId, 'firmware_id');
    return this.rpc.ask(FIRMWARE_REQUESTS.get, { firmware_id, ...this.links(request) });
  }

  @Endpoint(ROUTES.firmwaresGet, ONE)
  getAlso(@Param('firmwareId') firmwareId: string, @Req() request: FastifyRequest): Promise<FirmwareDto> {
    return this.get(firmwareId, request);
  }

  @Endpoint(ROUTES.firmwareKeys, { response: FirmwareKeysResponse })
  keys(): Promise<{ keys: readonly FirmwareKeyDto[] }> {
    return this.rpc.ask(FIRMWARE_REQUESTS.keys, {});
  }

  private links(request: FastifyRequest): { public_url: string } {
    return { public_url: this.publicUrl.of(request) };
  }
}
