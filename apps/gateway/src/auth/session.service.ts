import { createHash, randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { digestToken, newOpaqueToken, PasswordHasher } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { SessionRepository, type Rotation } from './session.repository.js';
import { TokenIssuer } from './token.issuer.js';
import { UserRepository } from './user.repository.js';
import type { User } from './user.entity.js';

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly tokenType: 'Bearer';
  /** Seconds for which the access token is good. */
  readonly expiresIn: number;
}

export interface Client {
  readonly address: string;
  readonly userAgent: string;
}

/** Log-ins of people: from a password to tokens, and from one refresh token to the next. */
@Injectable()
export class SessionService {
  private readonly logger = new Logger(SessionService.name);

  constructor(
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly tokens: TokenIssuer,
    private readonly hasher: PasswordHasher,
  ) {}

  /** @throws MusterError `AUTH_INVALID_CREDENTIALS`, after the same time whether the user or the password is wrong. */
  async logIn(username: string, password: string): Promise<TokenPair> {
    const found = await this.users.findByName(username);
    const fits = await this.hasher.verify(found?.passwordHash, password);
    const sessionId = randomUUID();
    const refreshToken = newOpaqueToken('mrt_');
    const user = found && fits ? await this.open(found, sessionId, refreshToken) : undefined;
    if (!user) throw new MusterError('AUTH_INVALID_CREDENTIALS', 'User name or password is wrong.');
    return this.pair(user, sessionId, refreshToken);
  }

  /** @throws MusterError `AUTH_INVALID_TOKEN`, or `AUTH_REFRESH_REUSED` when the family was ended for theft. */
  async refresh(refreshToken: string, client: Client): Promise<TokenPair> {
    const successor = newOpaqueToken('mrt_');
    const rotation = await this.sessions.rotate(digestToken(refreshToken), digestToken(successor), {
      arrivedAt: new Date(),
      client: clientFingerprint(client),
    });
    if (rotation.outcome !== 'rotated') throw this.refusal(rotation);
    return this.pair(rotation.user, rotation.session.sessionId, successor);
  }

  private open(found: User, sessionId: string, refreshToken: string): Promise<User | undefined> {
    return this.sessions.open({ sessionId, userId: found.userId, tokenHash: digestToken(refreshToken) });
  }

  private async pair(user: User, sessionId: string, refreshToken: string): Promise<TokenPair> {
    const accessToken = await this.tokens.issue(user, sessionId);
    return { accessToken, refreshToken, tokenType: 'Bearer', expiresIn: this.tokens.lifeS };
  }

  private refusal(rotation: Exclude<Rotation, { outcome: 'rotated' }>): MusterError {
    if (rotation.outcome === 'reused') {
      const { sessionId, userId } = rotation.session;
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
