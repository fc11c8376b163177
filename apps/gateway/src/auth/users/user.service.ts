import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PasswordHasher } from '#libs/auth';
import { isUuid, MusterError, type UserRole } from '#libs/contracts';
import { isUniqueViolation } from '#libs/database';
import { toPage } from '../page.dto.js';
import { SessionRevocations } from '../sessions/session.revocations.js';
import type { User } from './user.entity.js';
import { UserRepository, type UserChanged } from './user.repository.js';

/** Administration of people. Whoever is changed is logged out everywhere. */
@Injectable()
export class UserService {
  constructor(
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly revocations: SessionRevocations,
  ) {}

  /** @throws MusterError `USER_EXISTS`. */
  async create({
    username,
    password,
    roles,
  }: {
    username: string;
    password: string;
    roles: UserRole[];
  }): Promise<User> {
    const user = { userId: randomUUID(), username, roles, passwordHash: await this.hasher.hash(password) };
    try {
      await this.users.insert(user);
    } catch (error) {
      if (!isUniqueViolation(error, 'users_usernameKey_key')) throw error;
      throw new MusterError('USER_EXISTS', `There is a user "${username}" already.`, { username }, { cause: error });
    }
    return this.require(user.userId);
  }

  /** A page in the order of names. */
  async list(limit: number, after: string | undefined): Promise<{ items: User[]; next: string | null }> {
    return toPage(await this.users.list(limit + 1, after), limit, ({ username }) => username);
  }

  /** @throws MusterError `USER_NOT_FOUND` or `LAST_ADMIN`. */
  async update(userId: string, change: { roles?: UserRole[]; password?: string }): Promise<User> {
    requireUserId(userId);
    const { roles, password } = change;
    if (roles === undefined && password === undefined) return this.require(userId);
    const passwordHash = password === undefined ? undefined : await this.hasher.hash(password);
    return this.ended(
      userId,
      await this.users.update(userId, { ...(roles && { roles }), ...(passwordHash && { passwordHash }) }),
    );
  }

  /** @throws MusterError `USER_NOT_FOUND` or `LAST_ADMIN`. */
  async delete(userId: string): Promise<void> {
    requireUserId(userId);
    this.ended(userId, await this.users.delete(userId));
  }

  private ended(userId: string, change: UserChanged): User {
    switch (change.outcome) {
      case 'unknown':
        throw unknownUser(userId);
      case 'last_admin':
        throw new MusterError('LAST_ADMIN', 'This is the last user with the role admin.', { userId });
      case 'changed':
        this.revocations.note(change.endedSessionIds);
        return change.user;
    }
  }

  private async require(userId: string): Promise<User> {
    const user = await this.users.findById(userId);
    if (!user) throw unknownUser(userId);
    return user;
  }
}

function requireUserId(userId: string): void {
  if (!isUuid(userId)) throw unknownUser(userId);
}

function unknownUser(userId: string): MusterError {
  return new MusterError('USER_NOT_FOUND', `There is no user "${userId}".`, { userId });
}
