import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuthSettings } from '../auth.settings.js';
import { judgeRefresh, type RefreshAttempt } from './refresh.policy.js';
import { RefreshToken, Session, type RevokedReason } from './session.entity.js';
import { User } from '../users/user.entity.js';

export interface NewSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly tokenHash: string;
}

/** What became of a refresh. `ended` with `reuse` says that an earlier reuse closed the family. */
export type Rotation =
  | { readonly outcome: 'rotated'; readonly user: User; readonly session: Session }
  | { readonly outcome: 'reused'; readonly session: Session }
  | { readonly outcome: 'ended'; readonly reason: RevokedReason | 'expired' }
  | { readonly outcome: 'unknown' };

@Injectable()
export class SessionRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly settings: AuthSettings,
  ) {}

  /**
   * Opens a log-in and answers its user as of now; undefined when the user has gone. The user's row stays locked until
   * the session is there, so that a change of roles either is seen here or ends this session.
   */
  open(session: NewSession): Promise<User | undefined> {
    return this.dataSource.transaction(async (tx) => {
      const user = await tx.findOne(User, { where: { userId: session.userId }, lock: { mode: 'pessimistic_read' } });
      if (!user) return undefined;
      const { tokenHash, sessionId, userId } = session;
      const expiresAt = new Date(Date.now() + this.settings.sessionTtlS * 1000);
      await tx.insert(Session, { sessionId, userId, expiresAt });
      await tx.insert(RefreshToken, { tokenHash, sessionId });
      return user;
    });
  }

  /** Exchanges a refresh token for `successorHash`, or ends its family when it was stolen. */
  rotate(tokenHash: string, successorHash: string, attempt: RefreshAttempt): Promise<Rotation> {
    return this.dataSource.transaction(async (tx) => {
      const known = await tx.findOneBy(RefreshToken, { tokenHash });
      if (!known) return { outcome: 'unknown' };
      const session = await lockSession(tx, known.sessionId);
      const token = await tx.findOneByOrFail(RefreshToken, { tokenHash });
      switch (judgeRefresh(token, session, attempt)) {
        case 'ended':
          return { outcome: 'ended', reason: session.revokedReason ?? 'expired' };
        case 'reuse':
          await endSessions(tx, { sessionId: session.sessionId }, 'reuse');
          return { outcome: 'reused', session };
        case 'rotate':
          await tx.update(RefreshToken, { tokenHash }, { rotatedAt: new Date(), rotatedBy: attempt.client });
          return this.succeed(tx, session, successorHash);
        case 'repeat':
          return this.succeed(tx, session, successorHash);
      }
    });
  }

  /** The log-in that a refresh token, good or spent, belongs to. */
  async findByToken(tokenHash: string): Promise<Session | null> {
    const token = await this.dataSource.manager.findOneBy(RefreshToken, { tokenHash });
    return token && this.dataSource.manager.findOneBy(Session, { sessionId: token.sessionId });
  }

  /** Ends one log-in; false when it is over or unknown. */
  async end(sessionId: string, reason: RevokedReason): Promise<boolean> {
    const ended = await endSessions(this.dataSource.manager, { sessionId }, reason);
    return ended.length > 0;
  }

  async deleteExpired(): Promise<void> {
    await this.dataSource.query(`DELETE FROM "auth"."sessions" WHERE "expiresAt" < now() - interval '1 day'`);
  }

  private async succeed(tx: EntityManager, session: Session, tokenHash: string): Promise<Rotation> {
    await tx.insert(RefreshToken, { tokenHash, sessionId: session.sessionId });
    const user = await tx.findOneByOrFail(User, { userId: session.userId });
    return { outcome: 'rotated', user, session };
  }
}

/** The user's row first, then the session's: the order in which a change of roles locks them, else they deadlock. */
async function lockSession(tx: EntityManager, sessionId: string): Promise<Session> {
  const { userId } = await tx.findOneByOrFail(Session, { sessionId });
  await tx.findOneOrFail(User, { where: { userId }, lock: { mode: 'pessimistic_read' } });
  return tx.findOneOrFail(Session, { where: { sessionId }, lock: { mode: 'pessimistic_write' } });
}

/** Ends log-ins in the caller's transaction, tells the other replicas, and answers the ids. */
export async function endSessions(
  tx: EntityManager,
  of: { readonly sessionId: string } | { readonly userId: string },
  reason: RevokedReason,
): Promise<string[]> {
  const [column, id] = 'userId' in of ? ['userId', of.userId] : ['sessionId', of.sessionId];
  const rows: readonly { sessionId: string }[] = await tx.query(
    `WITH ended AS (
       UPDATE "auth"."sessions" SET "revokedAt" = now(), "revokedReason" = $2
        WHERE "${column}" = $1 AND "revokedAt" IS NULL RETURNING "sessionId")
     INSERT INTO "auth"."revocations" ("sessionId") SELECT "sessionId" FROM ended
     ON CONFLICT DO NOTHING RETURNING "sessionId"`,
    [id, reason],
  );
  return rows.map((row) => row.sessionId);
}
