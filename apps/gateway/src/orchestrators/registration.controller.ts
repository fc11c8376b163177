import { Controller, Req, UseGuards } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  HTTP_HEADERS,
  MusterError,
  ORCHESTRATORS_REQUESTS,
  ROUTES,
  type OrchestratorGrant,
  type RegistrationProof,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { readIdempotencyKey } from '../idempotency/idempotency.key.js';
import { JsonBody } from '../http/edge.body.js';
import { requireOwnEntity } from '../isolation/entity.access.js';
import { PublicUrl } from '../http/public.url.js';
import { RawBody } from '../http/raw.body.js';
import { Endpoint } from '../http/route.decorator.js';
import { bearerOf, OrchestratorTokens } from './orchestrator.tokens.js';
import { RegistrantGuard } from './registrant.guard.js';
import {
  OrchestratorRegistrationRequest,
  OrchestratorRegistrationResponse,
  TokenRefreshResponse,
  toRegistration,
} from './registration.dto.js';
import { RegistrationLimiter } from './registration.limiter.js';

/** A registration travels to the service whole. */
const MAX_BODY_BYTES = 65_536;

@ApiTags('orchestrators')
@Controller()
export class RegistrationController {
  constructor(
    private readonly rpc: RpcClient,
    private readonly tokens: OrchestratorTokens,
    private readonly limiter: RegistrationLimiter,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Endpoint(ROUTES.orchestratorsRegister, {
    response: OrchestratorRegistrationResponse,
    errors: [
      'ENTITY_NOT_FOUND',
      'AUTH_INVALID_SIGNATURE',
      'ACCESS_DENIED',
      'ORCHESTRATOR_ACTIVE',
      'RATE_LIMIT_EXCEEDED',
    ],
  })
  @UseGuards(RegistrantGuard)
  @ApiHeader({ name: 'X-Signature', required: true, description: 'ECDSA P-256, SHA-256, over the exact body.' })
  @ApiHeader({
    name: 'X-Timestamp',
    required: false,
    description: 'With X-Nonce: signed is timestamp, nonce and body.',
  })
  @ApiHeader({ name: 'X-Nonce', required: false })
  async register(
    @JsonBody() body: OrchestratorRegistrationRequest,
    @RawBody() rawBody: Buffer,
    @Req() request: FastifyRequest,
  ): Promise<OrchestratorRegistrationResponse> {
    if (rawBody.length > MAX_BODY_BYTES) {
      throw new MusterError('PAYLOAD_TOO_LARGE', `A registration has at most ${MAX_BODY_BYTES} bytes.`);
    }
    const { entity_id: entityId, orchestrator_id: orchestratorId } = body;
    const base = this.publicUrl.of(request);
    const grant = await this.limiter.attempt({ entityId, orchestratorId, address: request.ip }, () =>
      this.ask(body, rawBody, request),
    );
    const { token, expiresAt } = await this.tokens.issue(grant);
    return {
      token,
      expires_at: expiresAt,
      assigned_id: grant.assigned_id,
      sync_endpoints: endpointsOf(base),
      initial_sync_required: grant.initial_sync_required,
    };
  }

  /** While a token has more than two sevenths of its life before it, the answer is that token: nothing to handle. */
  @Endpoint(ROUTES.orchestratorsRefreshToken, {
    response: TokenRefreshResponse,
    errors: ['AUTH_REQUIRED', 'AUTH_INVALID_TOKEN', 'AUTH_TOKEN_EXPIRED', 'ACCESS_DENIED', 'ENTITY_ACCESS_DENIED'],
  })
  async refresh(@Req() { headers, query, body }: FastifyRequest): Promise<TokenRefreshResponse> {
    const shown = await this.tokens.readRefreshable(headers.authorization);
    const isDue = Date.now() / 1000 >= this.tokens.refreshFrom(shown);
    const grant = await this.rpc.ask(ORCHESTRATORS_REQUESTS.renew, {
      entity_id: shown.entityId,
      grant_id: shown.grantId,
      token_life_s: isDue ? this.tokens.lifeS : 0,
    });
    requireOwnEntity(bearerOf(shown, grant.orchestrator_id), { headers, query, body });
    const { token, expiresAt } = isDue ? await this.tokens.issue(grant) : shown;
    return {
      token,
      expires_at: expiresAt,
      assigned_id: grant.assigned_id,
      refreshed: isDue,
      refresh_from: this.tokens.refreshFrom({ expiresAt }),
    };
  }

  private ask(
    body: OrchestratorRegistrationRequest,
    rawBody: Buffer,
    { headers }: FastifyRequest,
  ): Promise<OrchestratorGrant> {
    const idempotencyKey = readIdempotencyKey(headers[HTTP_HEADERS.idempotencyKey]);
    return this.rpc.ask(ORCHESTRATORS_REQUESTS.register, {
      registration: toRegistration(body),
      proof: proofOf(rawBody, headers),
      ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
      token_life_s: this.tokens.lifeS,
    });
  }
}

function proofOf(rawBody: Buffer, headers: FastifyRequest['headers']): RegistrationProof {
  const text = (name: string): string | null => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    body_base64: rawBody.toString('base64'),
    signature: text(HTTP_HEADERS.signature),
    timestamp: text(HTTP_HEADERS.timestamp),
    nonce: text(HTTP_HEADERS.nonce),
  };
}

function endpointsOf(base: string): OrchestratorRegistrationResponse['sync_endpoints'] {
  return {
    events: base + ROUTES.orchestratorsEvents.path,
    data_sync: base + ROUTES.orchestratorsSyncFull.path.replace(/\/full$/, ''),
    firmware: base + ROUTES.firmwareGet.path.replace('/:firmwareId', ''),
  };
}
