import { Injectable } from '@nestjs/common';
import { TokenVerifier, type Principal } from '#libs/auth';
import { MusterError, type OrchestratorGrant } from '#libs/contracts';
import { AuthSettings, OWN_ISSUER, REFRESH_GRACE_S } from '../auth/auth.settings.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';
import { SigningKeys } from '../auth/tokens/signing-keys.js';
import { TokenIssuer, type MachineToken } from '../auth/tokens/token.issuer.js';

/** The part of a token's life at whose end it may be refreshed: two of the documents' seven days. */
const REFRESHABLE_PART = 2 / 7;

const BEARER = /^Bearer +(\S+)$/i;

/** A token that may be exchanged, and whom it is for. */
export interface RefreshableToken {
  readonly token: string;
  readonly id: string;
  readonly entityId: string;
  readonly grantId: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Makes the tokens of orchestrators, and judges those that are shown for new ones. */
@Injectable()
export class OrchestratorTokens {
  private readonly lenient: TokenVerifier;

  constructor(
    keys: SigningKeys,
    private readonly issuer: TokenIssuer,
    private readonly revocations: SessionRevocations,
    private readonly settings: AuthSettings,
  ) {
    this.lenient = new TokenVerifier([
      {
        issuer: OWN_ISSUER,
        audience: OWN_ISSUER,
        kind: 'user',
        keys: keys.keyOf,
        clockToleranceSeconds: REFRESH_GRACE_S,
      },
    ]);
  }

  /** Seconds for which a new token is good. */
  get lifeS(): number {
    return this.settings.orchestratorTokenTtlS;
  }

  /** Seconds before a token's end from which it may be refreshed. */
  get dueS(): number {
    return Math.floor(this.lifeS * REFRESHABLE_PART);
  }

  issue({ entity_id, assigned_id, orchestrator_id, grant_id }: OrchestratorGrant): Promise<MachineToken> {
    return this.issuer.issueToMachine({
      id: assigned_id,
      scope: { role: 'orchestrator', entityId: entity_id, aliases: [orchestrator_id] },
      sessionId: grant_id,
      lifeS: this.lifeS,
    });
  }

  /**
   * Checks a token as every token is checked, but for up to a day after its end.
   * @throws MusterError `AUTH_REQUIRED`, `AUTH_INVALID_TOKEN`, `AUTH_TOKEN_EXPIRED`, or `ACCESS_DENIED` for somebody else's.
   */
  async readRefreshable(authorization: string | undefined): Promise<RefreshableToken> {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new MusterError('AUTH_REQUIRED', 'Send the token to refresh as a bearer token.');
    const { id, scope, sessionId, expiresAt } = await this.lenient.verify(token);
    if (scope?.role !== 'orchestrator') throw new MusterError('ACCESS_DENIED', 'Only orchestrators refresh here.');
    if (!scope.entityId || !sessionId || !expiresAt || this.revocations.isRevoked(sessionId)) {
      throw new MusterError('AUTH_INVALID_TOKEN', 'The registration behind this token was ended; register again.');
    }
    const { entityId } = scope;
    return { token, id, entityId, grantId: sessionId, expiresAt: Math.floor(expiresAt.getTime() / 1000) };
  }

  /** Unix seconds from which a token that ends then may be refreshed. */
  refreshFrom({ expiresAt }: Pick<RefreshableToken, 'expiresAt'>): number {
    return expiresAt - this.dueS;
  }
}

/** Whom a token that is shown for refreshing speaks for, as the isolation of entities sees it. */
export function bearerOf({ id, entityId }: RefreshableToken, alias: string): Pick<Principal, 'id' | 'scope'> {
  return { id, scope: { role: 'orchestrator', entityId, aliases: [alias] } };
}
