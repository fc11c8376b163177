import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PasswordHasher } from '#libs/auth';
import { SchemaModule } from '#libs/database';
import { EntityGuard } from '../isolation/entity.guard.js';
import { LimitsModule } from '../limits/limits.module.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';
import { ApiKeyVerifier } from './api-key.verifier.js';
import { ApiKeysController } from './api-keys.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthHousekeeping } from './auth.housekeeping.js';
import { AuthSettings } from './auth.settings.js';
import { AuthenticationGuard } from './authentication.guard.js';
import { Authenticator } from './authenticator.js';
import { BearerVerifier } from './bearer.verifier.js';
import { CredentialsFile } from './credentials.file.js';
import { FirstUsers } from './first-users.js';
import { JwksController } from './jwks.controller.js';
import { LogInLimiter } from './log-in.limiter.js';
import { LogInService } from './log-in.service.js';
import { LogOutService } from './log-out.service.js';
import { Auth0001 } from './migrations/0001-auth.js';
import { Idempotency0002 } from './migrations/0002-idempotency.js';
import { Audit0003 } from './migrations/0003-audit.js';
import { RobotTokens0004 } from './migrations/0004-robot-tokens.js';
import { PolicyGuard } from './policy.guard.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RefreshService } from './refresh.service.js';
import { RequestLimiter } from './request.limiter.js';
import { Revocation } from './revocation.entity.js';
import { RevocationRepository } from './revocation.repository.js';
import { RoutePolicies } from './route.policies.js';
import { RefreshToken, Session } from './session.entity.js';
import { SessionRepository } from './session.repository.js';
import { SessionRevocations } from './session.revocations.js';
import { SigningKey } from './signing-key.entity.js';
import { SigningKeyRepository } from './signing-key.repository.js';
import { SigningKeys } from './signing-keys.js';
import { TokenIssuer } from './token.issuer.js';
import { User } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';
import { UsersController } from './users.controller.js';

@Module({
  imports: [
    LimitsModule,
    SchemaModule.forFeature({
      schema: 'auth',
      migrations: [Auth0001, Idempotency0002, Audit0003, RobotTokens0004],
      entities: [User, Session, RefreshToken, Revocation, ApiKey, SigningKey],
    }),
  ],
  controllers: [AuthController, UsersController, ApiKeysController, JwksController],
  providers: [
    // A request passes these in this order.
    RoutePolicies,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: PolicyGuard },
    { provide: APP_GUARD, useClass: EntityGuard },
    Authenticator,
    BearerVerifier,
    ApiKeyVerifier,
    RequestLimiter,
    LogInLimiter,
    LogInService,
    RefreshService,
    LogOutService,
    UserService,
    ApiKeyService,
    SessionRevocations,
    TokenIssuer,
    SigningKeys,
    PasswordHasher,
    UserRepository,
    SessionRepository,
    RevocationRepository,
    ApiKeyRepository,
    SigningKeyRepository,
    AuthSettings,
    CredentialsFile,
    FirstUsers,
    AuthHousekeeping,
  ],
  exports: [Authenticator, SessionRevocations, RevocationRepository, SigningKeys, TokenIssuer, AuthSettings],
})
export class AuthModule {}
