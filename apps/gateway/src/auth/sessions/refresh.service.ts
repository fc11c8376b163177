import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { digestToken, newOpaqueToken } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { SessionRepository, type Rotation } from './session.repository.js';
import { SessionRevocations } from './session.revocations.js';
import { TokenIssuer, type TokenPair } from '../tokens/token.issuer.js';

export const REFRESH_TOKEN_PREFIX = 'mrt_';

export interface Client {
  readonly address: string;
  readonly userAgent: string;
}

/** From one refresh token to the next. */
@Injectable()
export class RefreshService {
  private readonly logger = new Logger(RefreshService.name);

  constructor(
    private readonly sessions: SessionRepository,
    private readonly tokens: TokenIssuer,
    private readonly revocations: SessionRevocations,
  ) {}

  /** @throws MusterError `AUTH_INVALID_TOKEN`, or `AUTH_REFRESH_REUSED` when the family was ended for theft. */
  async refresh(refreshToken: string, client: Client): Promise<TokenPair> {
    const successor = newOpaqueToken(REFRESH_TOKEN_PREFIX);
    const rotation = await this.sessions.rotate(digestToken(refreshToken), digestToken(successor), {
      arrivedAt: new Date(),
      client: clientFingerprint(client),
    });
    if (rotation.outcome !== 'rotated') throw this.refusal(rotation);
    return this.tokens.pair(rotation.user, rotation.session.sessionId, successor);
  }

  private refusal(rotation: Exclude<Rotation, { outcome: 'rotated' }>): MusterError {
    if (rotation.outcome === 'reused') {
      const { sessionId, userId } = rotation.session;
      this.revocations.note([sessionId]);
      this.logger.warn({ event: 'refresh_token_reused', sessionId, userId });
    }
    if (rotation.outcome === 'reused' || (rotation.outcome === 'ended' && rotation.reason === 'reuse')) {
      return new MusterError(
        'AUTH_REFRESH_REUSED',
        'This refresh token was used before; the log-in was ended because somebody else may hold it.',
      );
    }
    return new MusterError('AUTH_INVALID_TOKEN', 'The refresh token is unknown or its log-in is over; log in again.');
  }
}

/** What two tries of the same program on the same machine have in common. */
function clientFingerprint({ address, userAgent }: Client): string {
  return createHash('sha256').update(`${address}\n${userAgent}`).digest('base64url');
}
