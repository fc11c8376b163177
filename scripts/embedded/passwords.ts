import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const USERS = ['admin', 'operator', 'viewer'] as const;
export type FirstUser = (typeof USERS)[number];
export type Passwords = Readonly<Record<FirstUser, string>>;

export interface FirstPasswords {
  readonly passwords: Passwords;
  readonly file: string;
  /** Users whose password was made just now. */
  readonly generated: readonly FirstUser[];
}

/** Passwords of the first users: from `env` (ADMIN_PASSWORD, …), else kept in or added to DATA_DIR/credentials.json. */
export function firstPasswords(dataDir: string, env: NodeJS.ProcessEnv): FirstPasswords {
  const file = join(dataDir, 'credentials.json');
  const known = readKnown(file);
  const generated = USERS.filter((user) => (env[variableOf(user)] ?? known.get(user) ?? '') === '');
  for (const user of generated) known.set(user, randomBytes(15).toString('base64url'));
  if (generated.length > 0) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(known), undefined, 2)}\n`, { mode: 0o600 });
  }
  const of = (user: FirstUser): string => env[variableOf(user)] || (known.get(user) ?? '');
  return { passwords: { admin: of('admin'), operator: of('operator'), viewer: of('viewer') }, file, generated };
}

/** The environment that hands the passwords to an app. */
export function passwordEnvironment(passwords: Passwords): NodeJS.ProcessEnv {
  return Object.fromEntries(USERS.map((user) => [variableOf(user), passwords[user]]));
}

function variableOf(user: FirstUser): string {
  return `${user.toUpperCase()}_PASSWORD`;
}

function readKnown(file: string): Map<string, string> {
  if (!existsSync(file)) return new Map();
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof read !== 'object' || read === null) return new Map();
  return new Map(Object.entries(read).map(([user, password]) => [user, String(password)]));
}
