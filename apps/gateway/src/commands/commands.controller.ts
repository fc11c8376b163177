import { Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { COMMANDS_REQUESTS, ROUTES, type BatchDto, type CommandDetailDto, type CommandDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { RobotId } from '../http/edge.body.js';
import { requesterOf } from '../http/requester.js';
import { linkNext, PAGE_HEADERS } from '../http/next.link.js';
import { Endpoint } from '../http/route.decorator.js';
import { CommandListQuery } from './commands.dto.js';
import { BatchResponse, CommandDetailResponse, CommandResponse } from './commands.responses.js';
import { requireBatchId, requireCommandId } from './command.ids.js';

/** Reading the ledger, and cancelling. */
@ApiTags('commands')
@Controller()
export class CommandsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.commandsByRobot, {
    response: [CommandResponse],
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'CURSOR_INVALID'],
  })
  @ApiResponse({ status: 200, type: [CommandResponse], headers: PAGE_HEADERS })
  async byRobot(
    @RobotId() robotId: string,
    @Query() { limit, after, status }: CommandListQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly CommandDto[]> {
    const { commands, next } = await this.rpc.ask(COMMANDS_REQUESTS.listByRobot, {
      robotId,
      limit,
      ...(after === undefined ? {} : { after }),
      ...(status === undefined ? {} : { status }),
    });
    linkNext(request, reply, next);
    return commands;
  }

  @Endpoint(ROUTES.commandsGet, { response: CommandDetailResponse, errors: ['COMMAND_NOT_FOUND'] })
  get(@Param('commandId') commandId: string): Promise<CommandDetailDto> {
    return this.rpc.ask(COMMANDS_REQUESTS.get, { commandId: requireCommandId(commandId) });
  }

  @Endpoint(ROUTES.commandsCancel, {
    response: CommandDetailResponse,
    errors: ['COMMAND_NOT_FOUND', 'COMMAND_FINAL'],
  })
  cancel(@Param('commandId') commandId: string, @CurrentPrincipal() principal: Principal): Promise<CommandDetailDto> {
    const requester = requesterOf(principal);
    return this.rpc.ask(COMMANDS_REQUESTS.cancel, { commandId: requireCommandId(commandId), requester });
  }

  @Endpoint(ROUTES.commandsGetBatch, { response: BatchResponse, errors: ['BATCH_NOT_FOUND'] })
  getBatch(@Param('batchId') batchId: string): Promise<BatchDto> {
    return this.rpc.ask(COMMANDS_REQUESTS.getBatch, { batchId: requireBatchId(batchId) });
  }
}
