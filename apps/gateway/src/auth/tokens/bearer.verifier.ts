import { Injectable } from '@nestjs/common';
import { remoteKeys, TokenVerifier, type Principal } from '#libs/auth';
import { AuthSettings, OWN_ISSUER } from '../auth.settings.js';
import type { Credentials, CredentialVerifier } from '../credentials.js';
import { SigningKeys } from './signing-keys.js';

const FOREIGN_CLOCK_TOLERANCE_S = 5;
const BEARER = /^Bearer +(\S*)$/i;

/** Access tokens: our own, and those of the identity providers that the settings name. */
@Injectable()
export class BearerVerifier implements CredentialVerifier {
  private readonly tokens: TokenVerifier;

  constructor(keys: SigningKeys, settings: AuthSettings) {
    this.tokens = new TokenVerifier([
      { issuer: OWN_ISSUER, audience: OWN_ISSUER, kind: 'user', keys: keys.keyOf },
      ...settings.foreignIssuers.map(({ jwksUrl, ...issuer }) => ({
        ...issuer,
        kind: 'foreign' as const,
        keys: remoteKeys(jwksUrl),
        clockToleranceSeconds: FOREIGN_CLOCK_TOLERANCE_S,
      })),
    ]);
  }

  verify({ authorization, token }: Credentials): Promise<Principal> | undefined {
    const shown = BEARER.exec(authorization ?? '')?.[1] ?? token;
    return shown === undefined ? undefined : this.tokens.verify(shown);
  }
}
