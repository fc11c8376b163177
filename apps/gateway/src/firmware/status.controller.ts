import { Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { FIRMWARE_REQUESTS, requireTokenId, ROUTES, type FirmwareReportDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { BatchTypes } from '../batch/batch.types.js';
import { JsonBody } from '../http/edge.body.js';
import { entityOf } from '../isolation/entity.access.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { ReportsQuery } from './firmware.dto.js';
import { FirmwareReportResponse, FirmwareStatusResponse } from './firmware.responses.js';
import { FirmwareStatusRequest, toFirmwareReport } from './status.dto.js';

/** How updates of beacons go. */
@ApiTags('firmware')
@Controller()
export class FirmwareStatusController {
  constructor(
    private readonly rpc: RpcClient,
    batch: BatchTypes,
  ) {
    batch.add('firmware_status', FirmwareStatusRequest, (report, caller) => this.report(report, caller));
  }

  @Endpoint(ROUTES.firmwareStatus, {
    response: FirmwareStatusResponse,
    errors: ['BEACON_NOT_REGISTERED', 'FIRMWARE_NOT_FOUND', 'ENTITY_ACCESS_DENIED'],
  })
  report(
    @JsonBody() body: FirmwareStatusRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<FirmwareStatusResponse> {
    const report = toFirmwareReport(body, new Date());
    return this.rpc.ask(FIRMWARE_REQUESTS.report, { entity_id: entityOf(caller), report });
  }

  @Endpoint(ROUTES.firmwaresReports, { response: [FirmwareReportResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [FirmwareReportResponse], headers: PAGE_HEADERS })
  async reports(
    @Param('firmwareId') firmwareId: string,
    @Query() { limit, after, entity_id, beacon_id }: ReportsQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly FirmwareReportDto[]> {
    const { items, next } = await this.rpc.ask(FIRMWARE_REQUESTS.reports, {
      firmware_id: requireTokenId(firmwareId, 'firmware_id'),
      limit,
      ...(after === undefined ? {} : { after }),
      ...(entity_id === undefined ? {} : { entity_id }),
      ...(beacon_id === undefined ? {} : { beacon_id }),
    });
    linkNext(request, reply, next);
    return items;
  }
}
