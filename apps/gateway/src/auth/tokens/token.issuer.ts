import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import type { MachineScope } from '#libs/auth';
import { AuthSettings, OWN_ISSUER } from '../auth.settings.js';
import { SIGNING_ALGORITHM, SigningKeys } from './signing-keys.js';
import type { User } from '../users/user.entity.js';

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  /** Seconds for which the access token is good. */
  readonly expiresIn: number;
}

/** A device that proved itself, and for how long it is believed. */
export interface MachineGrant {
  readonly id: string;
  readonly scope: MachineScope;
  readonly sessionId: string;
  readonly lifeS: number;
}

export interface MachineToken {
  readonly token: string;
  /** Unix seconds, equal to the token's `exp`. */
  readonly expiresAt: number;
}

@Injectable()
export class TokenIssuer {
  constructor(
    private readonly keys: SigningKeys,
    private readonly settings: AuthSettings,
  ) {}

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
      .setExpirationTime(`${this.settings.accessTokenTtlS}s`)
      .sign(signWith);
  }

  /** A token for a device; `sessionId` is what a revocation names. */
  async issueToMachine({ id, scope, sessionId, lifeS }: MachineGrant): Promise<MachineToken> {
    const { kid, signWith } = this.keys.current();
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + lifeS;
    const { role, entityId, aliases } = scope;
    const token = await new SignJWT({ roles: [role], sid: sessionId, entity_id: entityId ?? undefined, aliases })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ: 'JWT' })
      .setIssuer(OWN_ISSUER)
      .setAudience(OWN_ISSUER)
      .setSubject(id)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(signWith);
    return { token, expiresAt };
  }

  /** What a log-in or a refresh is answered with. */
  async pair(user: User, sessionId: string, refreshToken: string): Promise<TokenPair> {
    const accessToken = await this.issue(user, sessionId);
    return { accessToken, refreshToken, tokenType: 'Bearer', expiresIn: this.settings.accessTokenTtlS };
  }
}
