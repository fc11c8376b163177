import { Controller } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ENTITIES_REQUESTS, MusterError, ROBOTS_REQUESTS, ROUTES, type DeviceCredentialsDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody, RobotId } from '../http/edge.body.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { RobotTokens, type RobotGrant } from './robot.tokens.js';
import { CredentialsRequest } from './robots.dto.js';
import { DeviceCredentialsResponse, RobotTokenResponse } from './robots.responses.js';

const ISSUED = [DeviceCredentialsResponse, RobotTokenResponse];

@ApiTags('credentials')
@Controller()
export class CredentialsController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly tokens: RobotTokens,
  ) {}

  @ApiExtraModels(...ISSUED)
  @ApiResponse({
    status: 201,
    description: 'Broker credentials for `nats`, a token for `http`.',
    schema: { oneOf: ISSUED.map((one) => ({ $ref: getSchemaPath(one) })) },
  })
  @Endpoint(ROUTES.credentialsIssue, { status: 201, errors: ['ROBOT_ID_INVALID', 'ENTITY_NOT_FOUND'] })
  @ApiBody({ type: CredentialsRequest })
  issue(
    @RobotId() robotId: string,
    @JsonBody() { transport, entity_id: entityId = null }: CredentialsRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DeviceCredentialsDto | RobotTokenResponse> {
    const { by } = requesterOf(principal);
    if (transport === 'http') return this.issueToken({ robotId, entityId, by });
    return this.rpc.ask(ROBOTS_REQUESTS.issueCredentials, { robotId, by });
  }

  @Endpoint(ROUTES.credentialsRevoke, {
    errors: ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND', 'CREDENTIALS_NOT_FOUND'],
  })
  async revoke(@RobotId() robotId: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    const tokens = await this.tokens.revoke(robotId);
    try {
      await this.rpc.ask(ROBOTS_REQUESTS.revokeCredentials, { robotId, by: requesterOf(principal).by });
    } catch (error) {
      // Whoever had a token alone has been locked out now.
      if (tokens === 0 || !(error instanceof MusterError) || error.code !== 'CREDENTIALS_NOT_FOUND') throw error;
    }
  }

  private async issueToken(grant: RobotGrant): Promise<RobotTokenResponse> {
    const { robotId, entityId } = grant;
    if (entityId !== null) await this.rpc.ask(ENTITIES_REQUESTS.get, { entity_id: entityId });
    await this.rpc.ask(ROBOTS_REQUESTS.enrol, { robotId });
    const { token, expiresAt } = await this.tokens.issue(grant);
    return { robotId, token, expires_at: expiresAt.toISOString() };
  }
}
