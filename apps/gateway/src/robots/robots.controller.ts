import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, reduce } from 'rxjs';
import type { Principal } from '#libs/auth';
import {
  HTTP_HEADERS,
  ROBOTS_REQUESTS,
  ROUTES,
  type FleetPage,
  type RobotDto,
  type RobotReportDto,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody, RobotId } from '../http/edge.body.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { FleetListQuery, RobotUpdateRequest, toRobotUpdate } from './robots.dto.js';
import { RobotReportResponse, RobotResponse } from './robots.responses.js';

const LIST_HEADERS = {
  ...PAGE_HEADERS,
  'X-Total-Count': { description: 'How many robots the filter matches.', schema: { type: 'integer' } },
} as const;

@ApiTags('robots')
@Controller()
export class RobotsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.robotsList, { response: [RobotResponse], errors: ['CURSOR_INVALID'] })
  @ApiResponse({ status: 200, type: [RobotResponse], headers: LIST_HEADERS })
  async list(
    @Query() { q: text, ...query }: FleetListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly RobotDto[]> {
    const parts = this.rpc.stream(ROBOTS_REQUESTS.list, { ...query, ...(text === undefined ? {} : { text }) });
    const { robots, next, total } = await lastValueFrom(
      parts.pipe(reduce((page: FleetPage, part) => ({ ...part, robots: [...page.robots, ...part.robots] }))),
    );
    reply.header(HTTP_HEADERS.totalCount, total);
    linkNext(request, reply, next);
    return robots;
  }

  @Endpoint(ROUTES.robotsGet, { response: RobotResponse, errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'] })
  get(@RobotId() robotId: string): Promise<RobotDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.get, { robotId });
  }

  @Endpoint(ROUTES.robotsUpdate, { response: RobotResponse, errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'] })
  update(
    @RobotId() robotId: string,
    @JsonBody() body: RobotUpdateRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RobotDto> {
    const { by } = requesterOf(principal);
    return this.rpc.ask(ROBOTS_REQUESTS.update, { robotId, update: toRobotUpdate(body), by });
  }

  @Endpoint(ROUTES.robotsStatus, {
    response: RobotReportResponse,
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'STATUS_NOT_FOUND'],
  })
  status(@RobotId() robotId: string): Promise<RobotReportDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.status, { robotId });
  }
}
