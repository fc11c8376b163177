import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { PlatformConfig } from '#libs/platform';

const FILE_NAME = 'credentials.json';

/** `DATA_DIR/credentials.json`: generated passwords by user name, readable by its owner alone. */
@Injectable()
export class CredentialsFile {
  private readonly logger = new Logger(CredentialsFile.name);
  readonly path: string;

  constructor(config: PlatformConfig) {
    this.path = join(resolve(config.dataDirectory), FILE_NAME);
  }

  /** The passwords of the file; those of `wanted` that it lacks are generated and in the file before this returns. */
  readOrGenerate(wanted: readonly string[], generate: () => string): ReadonlyMap<string, string> {
    const passwords = wanted.length > 0 ? this.read() : new Map<string, string>();
    const lacking = wanted.filter((name) => !passwords.has(name));
    for (const name of lacking) passwords.set(name, generate());
    if (lacking.length > 0) this.write(passwords);
    return passwords;
  }

  private read(): Map<string, string> {
    if (!existsSync(this.path)) return new Map();
    const parsed: unknown = JSON.parse(readFileSync(this.path, 'utf8'));
    const entries = Object.entries(parsed ?? {});
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }

  /** Written beside and moved, so that a crash leaves the old file or the new one. */
  private write(passwords: ReadonlyMap<string, string>): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const draft = `${this.path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(Object.fromEntries(passwords), null, 2)}\n`, { mode: 0o600 });
    renameSync(draft, this.path);
    this.logger.log({ event: 'passwords_generated', message: `the first users' passwords are in ${this.path}` });
  }
}
