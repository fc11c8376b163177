import { existsSync, readFileSync } from 'node:fs';
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

/**
 * To be called before the gateway starts, which makes the passwords; the answer reads them afterwards: from `env`
 * (ADMIN_PASSWORD, …), else from DATA_DIR/credentials.json.
 */
export function expectFirstPasswords(dataDir: string, env: NodeJS.ProcessEnv): () => FirstPasswords {
  const file = join(dataDir, 'credentials.json');
  const before = readKnown(file);
  return () => {
    const known = readKnown(file);
    const of = (user: FirstUser): string => env[variableOf(user)] || (known.get(user) ?? '');
    const generated = USERS.filter((user) => !env[variableOf(user)] && !before.has(user) && known.has(user));
    return { passwords: { admin: of('admin'), operator: of('operator'), viewer: of('viewer') }, file, generated };
  };
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
