import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ROBOTS_REQUESTS, ROUTES, type RobotReportDto, type SnapshotDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { RobotId } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { HistoryQuery } from './robots.dto.js';
import { RobotReportResponse, SnapshotResponse } from './robots.responses.js';

const ROBOT_ERRORS = ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'] as const;
const HISTORY = { response: [SnapshotResponse], errors: [...ROBOT_ERRORS, 'CURSOR_INVALID'] } as const;

/** What a robot said about itself, now and before. */
@ApiTags('robots')
@Controller()
export class SnapshotsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.robotsIdentity, { response: RobotReportResponse, errors: [...ROBOT_ERRORS, 'IDENTITY_NOT_FOUND'] })
  identity(@RobotId() robotId: string): Promise<RobotReportDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.identity, { robotId });
  }

  @Endpoint(ROUTES.robotsIdentityHistory, HISTORY)
  @ApiResponse({ status: 200, type: [SnapshotResponse], headers: PAGE_HEADERS })
  identityHistory(
    @RobotId() robotId: string,
    @Query() query: HistoryQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly SnapshotDto[]> {
    return this.history('identity', robotId, query, (next) => linkNext(request, reply, next));
  }

  @Endpoint(ROUTES.robotsCapability, {
    response: RobotReportResponse,
    errors: [...ROBOT_ERRORS, 'CAPABILITY_NOT_FOUND'],
  })
  capability(@RobotId() robotId: string): Promise<RobotReportDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.capability, { robotId });
  }

  @Endpoint(ROUTES.robotsCapabilityHistory, HISTORY)
  @ApiResponse({ status: 200, type: [SnapshotResponse], headers: PAGE_HEADERS })
  capabilityHistory(
    @RobotId() robotId: string,
    @Query() query: HistoryQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly SnapshotDto[]> {
    return this.history('capability', robotId, query, (next) => linkNext(request, reply, next));
  }

  private async history(
    kind: 'identity' | 'capability',
    robotId: string,
    { limit, after }: HistoryQuery,
    onPage: (next: string | null) => void,
  ): Promise<readonly SnapshotDto[]> {
    const paging = { limit, ...(after === undefined ? {} : { after }) };
    const { items, next } = await this.rpc.ask(ROBOTS_REQUESTS.history, { robotId, kind, ...paging });
    onPage(next);
    return items;
  }
}
