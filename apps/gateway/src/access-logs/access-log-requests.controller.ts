import { Controller, Param, type PipeTransform } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  type AccessLogKeyDto,
  type AccessLogRequestDto,
  BEACONS_REQUESTS,
  isTokenId,
  MusterError,
  ROUTES,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Caller, type KeyedRequester } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { EntityId } from '../entities/path.parameters.js';
import { Endpoint } from '../http/route.decorator.js';
import {
  AccessLogKeyResponse,
  AccessLogRequestRequest,
  AccessLogRequestResponse,
  toInstant,
} from './access-logs.dto.js';

/** What cannot be an id of a request is none that there is. */
class RequestIdPath implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (isTokenId(value)) return value;
    throw new MusterError('ACCESS_LOG_REQUEST_NOT_FOUND', 'There is no such request for access logs.');
  }
}

/** Asks orchestrators for logs that beacons still keep. */
@ApiTags('access logs')
@Controller()
export class AccessLogRequestsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.accessLogRequestsCreate, {
    response: AccessLogRequestResponse,
    status: 201,
    errors: ['BEACON_NOT_REGISTERED'],
  })
  create(
    @EntityId() entityId: string,
    @JsonBody() { beacon_id, since }: AccessLogRequestRequest,
    @Caller() { requester, idempotencyKey }: KeyedRequester,
  ): Promise<AccessLogRequestDto> {
    return this.rpc.ask(BEACONS_REQUESTS.requestLogs, {
      entity_id: entityId,
      beacon_id,
      since: toInstant(since),
      by: requester.by,
      ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
    });
  }

  @Endpoint(ROUTES.accessLogRequestsGet, {
    response: AccessLogRequestResponse,
    errors: ['ACCESS_LOG_REQUEST_NOT_FOUND'],
  })
  get(
    @EntityId() entityId: string,
    @Param('requestId', new RequestIdPath()) requestId: string,
  ): Promise<AccessLogRequestDto> {
    return this.rpc.ask(BEACONS_REQUESTS.logRequest, { entity_id: entityId, request_id: requestId });
  }

  @Endpoint(ROUTES.accessLogKey, { response: AccessLogKeyResponse })
  key(): Promise<AccessLogKeyDto> {
    return this.rpc.ask(BEACONS_REQUESTS.logKey, {});
  }
}
