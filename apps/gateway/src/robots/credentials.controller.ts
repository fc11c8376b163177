import { Controller } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ROBOTS_REQUESTS, ROUTES, type DeviceCredentialsDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/request.principal.js';
import { JsonBody, RobotId } from '../edge.body.js';
import { requesterOf } from '../requester.js';
import { Endpoint } from '../route.decorator.js';
import { CredentialsRequest } from './robots.dto.js';
import { DeviceCredentialsResponse } from './robots.responses.js';

@ApiTags('credentials')
@Controller()
export class CredentialsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.credentialsIssue, { status: 201, response: DeviceCredentialsResponse, errors: ['ROBOT_ID_INVALID'] })
  @ApiBody({ type: CredentialsRequest })
  issue(
    @RobotId() robotId: string,
    @JsonBody() _body: CredentialsRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DeviceCredentialsDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.issueCredentials, { robotId, by: requesterOf(principal).by });
  }

  @Endpoint(ROUTES.credentialsRevoke, {
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'CREDENTIALS_NOT_FOUND'],
  })
  async revoke(@RobotId() robotId: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.rpc.ask(ROBOTS_REQUESTS.revokeCredentials, { robotId, by: requesterOf(principal).by });
  }
}
