import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { ROUTES } from '#libs/contracts';
import { Endpoint } from '../../http/route.decorator.js';
import { LogInRequest, LogOutRequest, PrincipalResponse, RefreshRequest, TokenResponse } from './auth.dto.js';
import { LogInLimiter } from './log-in.limiter.js';
import { LogInService } from './log-in.service.js';
import { LogOutService } from './log-out.service.js';
import { RefreshService } from './refresh.service.js';
import { CurrentPrincipal } from '../guards/request.principal.js';
import type { TokenPair } from '../tokens/token.issuer.js';

@ApiTags('auth')
@Controller()
export class AuthController {
  constructor(
    private readonly limiter: LogInLimiter,
    private readonly logIns: LogInService,
    private readonly refreshes: RefreshService,
    private readonly logOuts: LogOutService,
  ) {}

  @Endpoint(ROUTES.login, {
    response: TokenResponse,
    errors: ['AUTH_INVALID_CREDENTIALS', 'RATE_LIMIT_EXCEEDED', 'OVERLOADED'],
  })
  logIn(@Body() { username, password }: LogInRequest, @Req() { ip }: FastifyRequest): Promise<TokenPair> {
    return this.limiter.attempt({ username, address: ip }, () => this.logIns.logIn(username, password));
  }

  @Endpoint(ROUTES.refresh, { response: TokenResponse, errors: ['AUTH_INVALID_TOKEN', 'AUTH_REFRESH_REUSED'] })
  refresh(@Body() { refreshToken }: RefreshRequest, @Req() { ip, headers }: FastifyRequest): Promise<TokenPair> {
    return this.refreshes.refresh(refreshToken, { address: ip, userAgent: headers['user-agent'] ?? '' });
  }

  @Endpoint(ROUTES.logout)
  async logOut(@Body() { refreshToken }: LogOutRequest, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.logOuts.logOut(principal, refreshToken);
  }

  @Endpoint(ROUTES.me, { response: PrincipalResponse })
  me(@CurrentPrincipal() { kind, id, name, roles, expiresAt }: Principal): PrincipalResponse {
    return { kind, id, name, roles, expiresAt: expiresAt?.toISOString() ?? null };
  }
}
