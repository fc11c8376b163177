import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { digestToken, newOpaqueToken, PasswordHasher } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { REFRESH_TOKEN_PREFIX } from './refresh.service.js';
import { SessionRepository } from './session.repository.js';
import { TokenIssuer, type TokenPair } from '../tokens/token.issuer.js';
import type { User } from '../users/user.entity.js';
import { UserRepository } from '../users/user.repository.js';

/** Log-ins of people: from a password to tokens. */
@Injectable()
export class LogInService {
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
    const refreshToken = newOpaqueToken(REFRESH_TOKEN_PREFIX);
    const user = found && fits ? await this.open(found, sessionId, refreshToken) : undefined;
    if (!user) throw new MusterError('AUTH_INVALID_CREDENTIALS', 'User name or password is wrong.');
    return this.tokens.pair(user, sessionId, refreshToken);
  }

  private open(found: User, sessionId: string, refreshToken: string): Promise<User | undefined> {
    return this.sessions.open({ sessionId, userId: found.userId, tokenHash: digestToken(refreshToken) });
  }
}
