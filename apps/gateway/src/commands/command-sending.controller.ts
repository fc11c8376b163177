import { Controller, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { COMMANDS_REQUESTS, HTTP_HEADERS, ROUTES, type BatchDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { JsonBody, RobotId } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { BatchSendRequest, CommandSendRequest, toBatchRequest, toCommandRequest } from './commands.dto.js';
import { BatchResponse, CommandAcceptedResponse } from './commands.responses.js';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';

const IDEMPOTENCY_HEADER = {
  name: 'X-Idempotency-Key',
  required: false,
  description: 'A repeat within 24 hours gets the first answer; with another body it is refused.',
} as const;
const BATCH_TIMEOUT_MS = 20_000;
const SEND_ERRORS = ['ROBOT_ID_INVALID', 'IDEMPOTENCY_KEY_REUSED', 'REQUEST_IN_FLIGHT'] as const;

/** Accepted means stored: the answer comes after the ledger has the row (decision B6). */
@ApiTags('commands')
@Controller()
export class CommandSendingController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.commandsSend, {
    status: 202,
    response: CommandAcceptedResponse,
    errors: [...SEND_ERRORS, 'ROBOT_NOT_FOUND', 'ROBOT_DISABLED'],
  })
  @ApiHeader(IDEMPOTENCY_HEADER)
  async send(
    @RobotId() robotId: string,
    @JsonBody() body: CommandSendRequest,
    @Caller() caller: KeyedRequester,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CommandAcceptedResponse> {
    const request = toCommandRequest(body);
    const { commandId, replayed } = await this.rpc.ask(COMMANDS_REQUESTS.send, { robotId, request, ...caller });
    reply.header('location', ROUTES.commandsGet.path.replace(':commandId', commandId));
    if (replayed) reply.header(HTTP_HEADERS.idempotencyReplayed, 'true');
    return { commandId };
  }

  @Endpoint(ROUTES.commandsSendBatch, { status: 202, response: BatchResponse, errors: SEND_ERRORS })
  @ApiHeader(IDEMPOTENCY_HEADER)
  async sendBatch(
    @JsonBody() body: BatchSendRequest,
    @Caller() caller: KeyedRequester,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BatchDto> {
    const request = toBatchRequest(body);
    const batch = await this.rpc.ask(COMMANDS_REQUESTS.sendBatch, { request, ...caller }, BATCH_TIMEOUT_MS);
    reply.header('location', ROUTES.commandsGetBatch.path.replace(':batchId', batch.batchId));
    return batch;
  }
}
