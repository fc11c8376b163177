import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type BeaconChallengeDto, type BeaconKeyDto, BEACONS_REQUESTS, ROUTES } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';
import { JsonBody } from '../http/edge.body.js';
import { Endpoint } from '../http/route.decorator.js';
import {
  BeaconChallengeRequest,
  BeaconChallengeResponse,
  BeaconKeyResponse,
  BeaconTokenRequest,
  BeaconTokenResponse,
  toProof,
} from './beacon-auth.dto.js';
import { BeaconLimiter } from './beacon.limiter.js';

const TOKEN_LIFE_S = 3_600;

/** Beacons prove who they are by signing a nonce (docs/beacon-authentication.md). */
@ApiTags('beacons')
@Controller()
export class BeaconAuthController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly tokens: TokenIssuer,
    private readonly limiter: BeaconLimiter,
  ) {}

  @Endpoint(ROUTES.beaconsChallenge, { response: BeaconChallengeResponse, errors: ['RATE_LIMIT_EXCEEDED'] })
  async challenge(@JsonBody() { entity_id, device_id }: BeaconChallengeRequest): Promise<BeaconChallengeDto> {
    await this.limiter.count({ entity_id, device_id });
    return this.rpc.ask(BEACONS_REQUESTS.challenge, { entity_id, device_id });
  }

  @Endpoint(ROUTES.beaconsToken, {
    response: BeaconTokenResponse,
    errors: ['AUTH_INVALID_SIGNATURE', 'BEACON_NOT_APPROVED', 'RATE_LIMIT_EXCEEDED'],
  })
  async token(@JsonBody() body: BeaconTokenRequest): Promise<BeaconTokenResponse> {
    await this.limiter.count(body);
    const grant = await this.rpc.ask(BEACONS_REQUESTS.authenticate, toProof(body));
    const { beacon_id, entity_id, device_id } = grant;
    const { token, expiresAt } = await this.tokens.issueToMachine({
      id: beacon_id,
      scope: { role: 'beacon', entityId: entity_id, aliases: [device_id] },
      sessionId: grant.grant_id,
      lifeS: TOKEN_LIFE_S,
    });
    return { token, expires_at: expiresAt, beacon_id, entity_id };
  }

  @Endpoint(ROUTES.beaconKeys, { response: BeaconKeyResponse })
  key(): Promise<BeaconKeyDto> {
    return this.rpc.ask(BEACONS_REQUESTS.unlockKey, {});
  }
}
