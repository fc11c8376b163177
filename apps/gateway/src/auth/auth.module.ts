import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PasswordHasher } from '#libs/auth';
import { SchemaModule } from '#libs/database';
import { EntityGuard } from '../isolation/entity.guard.js';
import { LimitsModule } from '../limits/limits.module.js';
import { ApiKey } from './api-keys/api-key.entity.js';
import { ApiKeyRepository } from './api-keys/api-key.repository.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { ApiKeyVerifier } from './api-keys/api-key.verifier.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AuthController } from './sessions/auth.controller.js';
import { AuthHousekeeping } from './auth.housekeeping.js';
import { AuthSettings } from './auth.settings.js';
import { AuthenticationGuard } from './guards/authentication.guard.js';
import { Authenticator } from './authenticator.js';
import { BearerVerifier } from './tokens/bearer.verifier.js';
import { CredentialsFile } from './users/credentials.file.js';
import { FirstUsers } from './users/first-users.js';
import { JwksController } from './tokens/jwks.controller.js';
import { LogInLimiter } from './sessions/log-in.limiter.js';
import { LogInService } from './sessions/log-in.service.js';
import { LogOutService } from './sessions/log-out.service.js';
import { Auth0001 } from './migrations/0001-auth.js';
import { Idempotency0002 } from './migrations/0002-idempotency.js';
import { Audit0003 } from './migrations/0003-audit.js';
import { RobotTokens0004 } from './migrations/0004-robot-tokens.js';
import { PolicyGuard } from './guards/policy.guard.js';
import { RateLimitGuard } from './guards/rate-limit.guard.js';
import { RefreshService } from './sessions/refresh.service.js';
import { RequestLimiter } from './request.limiter.js';
import { Revocation } from './sessions/revocation.entity.js';
import { RevocationRepository } from './sessions/revocation.repository.js';
import { RoutePolicies } from './guards/route.policies.js';
import { RefreshToken, Session } from './sessions/session.entity.js';
import { SessionRepository } from './sessions/session.repository.js';
import { SessionRevocations } from './sessions/session.revocations.js';
import { SigningKey } from './tokens/signing-key.entity.js';
import { SigningKeyRepository } from './tokens/signing-key.repository.js';
import { SigningKeys } from './tokens/signing-keys.js';
import { TokenIssuer } from './tokens/token.issuer.js';
import { User } from './users/user.entity.js';
import { UserRepository } from './users/user.repository.js';
import { UserService } from './users/user.service.js';
import { UsersController } from './users/users.controller.js';

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
