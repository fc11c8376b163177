import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { AuthSettings, OWN_ISSUER } from './auth.settings.js';
import { SIGNING_ALGORITHM, SigningKeys } from './signing-keys.js';
import type { User } from './user.entity.js';

@Injectable()
export class TokenIssuer {
  constructor(
    private readonly keys: SigningKeys,
    private readonly settings: AuthSettings,
  ) {}

  /** Seconds for which an access token is good. */
  get lifeS(): number {
    return this.settings.accessTokenTtlS;
  }

  /** An access token for one log-in; `sid` is what a revocation names. */
  issue(user: Pick<User, 'userId' | 'username' | 'roles'>, sessionId: string): Promise<string> {
    const { kid, signWith } = this.keys.current();
    return new SignJWT({ name: user.username, roles: user.roles, sid: sessionId })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ: 'JWT' })
      .setIssuer(OWN_ISSUER)
      .setAudience(OWN_ISSUER)
      .setSubject(user.userId)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${this.lifeS}s`)
      .sign(signWith);
  }
}
