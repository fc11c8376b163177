import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan, Not, Raw } from 'typeorm';
import type { UserRole } from '#libs/contracts';
import { endSessions } from '../sessions/session.repository.js';
import { User, usernameKey } from './user.entity.js';

export type NewUser = Pick<User, 'userId' | 'username' | 'passwordHash' | 'roles'>;

export interface UserChange {
  readonly roles?: UserRole[];
  readonly passwordHash?: string;
}

/** What became of a change: the sessions that it ended, or why it was refused. */
export type UserChanged =
  | { readonly outcome: 'changed'; readonly user: User; readonly endedSessionIds: readonly string[] }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'last_admin' };

@Injectable()
export class UserRepository {
  constructor(private readonly dataSource: DataSource) {}

  findByName(username: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { usernameKey: usernameKey(username) });
  }

  findById(userId: string): Promise<User | null> {
    return this.dataSource.manager.findOneBy(User, { userId });
  }

  /** A page in the order of names, after a name. */
  list(limit: number, after = ''): Promise<User[]> {
    const where = { usernameKey: MoreThan(usernameKey(after)) };
    return this.dataSource.manager.find(User, { where, order: { usernameKey: 'ASC' }, take: limit });
  }

  /** Adds users, all or none. A taken name breaks the constraint `users_usernameKey_key`. */
  async insert(...users: readonly NewUser[]): Promise<void> {
    const rows = users.map((user) => ({ ...user, usernameKey: usernameKey(user.username) }));
    await this.dataSource.manager.insert(User, rows);
  }

  /** Runs work that only one replica may do at a time. */
  oneAtATime(work: () => Promise<void>): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.auth.firstUsers', 0))`);
      await work();
    });
  }

  /** Changes a user and ends its log-ins: their tokens claim what no longer holds. */
  update(userId: string, change: UserChange): Promise<UserChanged> {
    const demotes = change.roles !== undefined && !change.roles.includes('admin');
    return this.changing(userId, demotes, async (tx) => {
      await tx.update(User, { userId }, { ...change, updatedAt: () => 'now()' });
    });
  }

  delete(userId: string): Promise<UserChanged> {
    return this.changing(userId, true, async (tx) => {
      await tx.delete(User, { userId });
    });
  }

  private changing(
    userId: string,
    losesAdmin: boolean,
    apply: (tx: EntityManager) => Promise<void>,
  ): Promise<UserChanged> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('muster.auth.users', 0))`);
      const user = await tx.findOne(User, { where: { userId }, lock: { mode: 'pessimistic_write' } });
      if (!user) return { outcome: 'unknown' };
      if (losesAdmin && user.roles.includes('admin') && !(await otherAdminExists(tx, userId))) {
        return { outcome: 'last_admin' };
      }
      const endedSessionIds = await endSessions(tx, { userId }, 'user_changed');
      await apply(tx);
      const changed = await tx.findOneBy(User, { userId });
      return { outcome: 'changed', user: changed ?? user, endedSessionIds };
    });
  }
}

function otherAdminExists(tx: EntityManager, userId: string): Promise<boolean> {
  return tx.existsBy(User, { userId: Not(userId), roles: Raw((column) => `'admin' = ANY(${column})`) });
}
