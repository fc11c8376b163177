import { Injectable } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { ApiKeyVerifier } from './api-keys/api-key.verifier.js';
import { BearerVerifier } from './tokens/bearer.verifier.js';
import type { Credentials, CredentialVerifier } from './credentials.js';
import { SessionRevocations } from './sessions/session.revocations.js';

/** Says who a caller is: the one way in for REST, sockets and streams. */
@Injectable()
export class Authenticator {
  private readonly verifiers: readonly CredentialVerifier[];

  constructor(
    bearer: BearerVerifier,
    apiKeys: ApiKeyVerifier,
    private readonly revocations: SessionRevocations,
  ) {
    this.verifiers = [bearer, apiKeys];
  }

  /**
   * Proves the caller by the first kind of credentials that it shows.
   * @throws MusterError `AUTH_REQUIRED`, `AUTH_INVALID_TOKEN`, `AUTH_TOKEN_EXPIRED` or `AUTH_INVALID_CREDENTIALS`.
   */
  async authenticate(credentials: Credentials): Promise<Principal> {
    for (const verifier of this.verifiers) {
      const verification = verifier.verify(credentials);
      if (verification) return this.standing(await verification);
    }
    throw new MusterError('AUTH_REQUIRED', missing(credentials));
  }

  /** Whether a caller that was proven before still is: not expired, not revoked. Cheap enough for every message. */
  isStanding({ expiresAt, sessionId }: Principal): boolean {
    if (expiresAt !== null && expiresAt.getTime() <= Date.now()) return false;
    return sessionId === null || !this.revocations.isRevoked(sessionId);
  }

  private standing(principal: Principal): Principal {
    if (this.isStanding(principal)) return principal;
    throw new MusterError('AUTH_INVALID_TOKEN', 'This log-in or API key was ended; log in again.');
  }
}

function missing({ authorization, apiKey, apiSecret }: Credentials): string {
  if (apiKey !== undefined) return 'X-API-Secret is missing beside X-API-Key.';
  if (apiSecret !== undefined) return 'X-API-Key is missing beside X-API-Secret.';
  if (authorization !== undefined) return 'The Authorization header is not of the form "Bearer <accessToken>".';
  return 'This route needs an access token or an API key.';
}
