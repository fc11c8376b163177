import { Injectable } from '@nestjs/common';
import { digestToken, type Principal } from '#libs/auth';
import { SessionRepository } from './session.repository.js';
import { SessionRevocations } from './session.revocations.js';

/** Ends log-ins on their owner's word: the refresh tokens at once, the access tokens within seconds on every replica. */
@Injectable()
export class LogOutService {
  constructor(
    private readonly sessions: SessionRepository,
    private readonly revocations: SessionRevocations,
  ) {}

  /** Ends the caller's log-in and that of a refresh token of its own. What is over already is no error. */
  async logOut({ kind, id, sessionId }: Principal, refreshToken: string | undefined): Promise<void> {
    if (kind !== 'user') return;
    const shown = refreshToken === undefined ? null : await this.sessions.findByToken(digestToken(refreshToken));
    const candidates = [sessionId, shown?.userId === id ? shown.sessionId : null];
    const ending = new Set(candidates.filter((candidate) => candidate !== null));
    for (const each of ending) await this.sessions.end(each, 'logout');
    this.revocations.note([...ending]);
  }
}
