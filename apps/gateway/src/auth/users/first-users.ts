import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { PasswordHasher } from '#libs/auth';
import { AuthSettings, FIRST_USERS, type FirstUser } from '../auth.settings.js';
import { CredentialsFile } from './credentials.file.js';
import { UserRepository } from './user.repository.js';

/**
 * Makes the first users, so that somebody can log in. A password in the environment always holds: it creates or changes
 * its user. Without one the user is made once, while there are no users at all, with the password in the credentials file,
 * generated there if need be; so a user that an administrator deletes stays deleted.
 */
@Injectable()
export class FirstUsers implements OnModuleInit {
  private readonly logger = new Logger(FirstUsers.name);

  constructor(
    private readonly users: UserRepository,
    private readonly settings: AuthSettings,
    private readonly file: CredentialsFile,
    private readonly hasher: PasswordHasher,
  ) {}

  /** Replicas that start at once take turns: the second finds the users of the first. */
  onModuleInit(): Promise<void> {
    return this.users.oneAtATime(async () => {
      const isFirstStart = (await this.users.list(1)).length === 0;
      const passwords = isFirstStart ? this.initialPasswords() : await this.changedPasswords();
      await this.create(passwords);
    });
  }

  private initialPasswords(): ReadonlyMap<FirstUser, string> {
    const given = this.settings.firstPasswords;
    const generated = this.file.readOrGenerate(
      FIRST_USERS.filter((name) => given[name] === undefined),
      newPassword,
    );
    return new Map(FIRST_USERS.map((name) => [name, given[name] ?? generated.get(name) ?? newPassword()]));
  }

  /** Holds the environment's passwords; answers those whose user is missing. */
  private async changedPasswords(): Promise<ReadonlyMap<FirstUser, string>> {
    const missing = new Map<FirstUser, string>();
    for (const name of FIRST_USERS) {
      const given = this.settings.firstPasswords[name];
      if (given !== undefined && !(await this.hold(name, given))) missing.set(name, given);
    }
    return missing;
  }

  private async hold(name: FirstUser, password: string): Promise<boolean> {
    const user = await this.users.findByName(name);
    if (!user) return false;
    if (await this.hasher.verify(user.passwordHash, password)) return true;
    await this.users.update(user.userId, { passwordHash: await this.hasher.hash(password) });
    this.logger.log({ event: 'password_changed_by_environment', username: name });
    return true;
  }

  private async create(passwords: ReadonlyMap<FirstUser, string>): Promise<void> {
    if (passwords.size === 0) return;
    const users = [...passwords].map(async ([name, password]) => ({
      userId: randomUUID(),
      username: name,
      passwordHash: await this.hasher.hash(password),
      roles: [name],
    }));
    await this.users.insert(...(await Promise.all(users)));
    this.logger.log({ event: 'first_users_created', usernames: [...passwords.keys()] });
  }
}

const PASSWORD_BYTES = 15;

function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}
