import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { stopLeftOver, SupervisedChild } from './child.js';
import { postgresAccount, postgresBinaries, reachableDirectory, type PostgresAccount } from './postgres-binaries.js';
import { freePort, isPortFree } from './ports.js';
import { endProcess, processIdentity } from './process-identity.js';

const USER = 'muster';
const DATABASE = 'muster';

export interface PostgresOptions {
  /** Muster's own data directory; Postgres lives in a folder of it. */
  readonly dataDir: string;
  readonly host?: string;
  /** For tests: nothing is flushed to the disk, so a power cut (not a kill) would lose data. */
  readonly ephemeral?: boolean;
}

export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly child: SupervisedChild;
  /** Where the cluster's files are; outside `dataDir` when root's own folders hide it from Postgres. */
  readonly clusterDir: string;
}

interface Cluster {
  readonly id: string;
  readonly password: string;
  readonly port: number;
}

/** Starts the embedded Postgres under `dataDir`, creating the cluster and its database the first time. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const host = options.host ?? '127.0.0.1';
  const runDir = join(options.dataDir, 'run');
  await stopLeftOver(runDir, 'postgres', 'SIGINT');
  const account = postgresAccount();
  const binaries = postgresBinaries(account);
  const cluster = await rememberCluster(options.dataDir, host);
  const clusterDir = reachableDirectory(join(options.dataDir, 'postgres'), account, `postgres-${cluster.id}`);
  if (!existsSync(join(clusterDir, 'PG_VERSION'))) await initialise({ clusterDir, account, binaries, cluster });
  await clearPidFile(clusterDir);
  const url = (database: string): string =>
    `postgres://${USER}:${cluster.password}@${host}:${cluster.port}/${database}`;
  const child = new SupervisedChild({
    name: 'postgres',
    command: join(binaries, 'postgres'),
    args: serverArguments(clusterDir, host, cluster.port, options.ephemeral ?? false),
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...account,
    logFile: join(options.dataDir, 'logs', 'postgres.log'),
    runDir,
    cwd: '/',
    // Fast shutdown: sessions are ended, everything is on disk.
    stopSignal: 'SIGINT',
    stopGraceMs: 20_000,
    startAttempts: 20,
    isReady: () => answers(url('postgres')),
  });
  await child.start();
  await createDatabase(url('postgres'), DATABASE);
  return { url: url(DATABASE), port: cluster.port, child, clusterDir };
}

/** Creates a database unless it is there. `adminUrl` must be allowed to. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

/** Drops a database and ends the sessions that still use it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, async (client) => void (await client.query('SELECT 1')));
    return true;
  } catch {
    return false;
  }
}

async function rememberCluster(dataDir: string, host: string): Promise<Cluster> {
  const file = join(dataDir, 'postgres.json');
  const known = existsSync(file) ? readCluster(readFileSync(file, 'utf8')) : undefined;
  const port = known !== undefined && (await isPortFree(known.port, host)) ? known.port : await freePort(host);
  const id = known?.id ?? randomBytes(8).toString('hex');
  const password = known?.password ?? randomBytes(24).toString('base64url');
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ user: USER, password, port, id }, undefined, 2)}\n`, { mode: 0o600 });
  return { id, password, port };
}

function readCluster(text: string): Cluster | undefined {
  const read: unknown = JSON.parse(text);
  if (typeof read !== 'object' || read === null) return undefined;
  if (!('id' in read) || !('password' in read) || !('port' in read)) return undefined;
  return { id: String(read.id), password: String(read.password), port: Number(read.port) };
}

interface NewCluster {
  readonly clusterDir: string;
  readonly account: PostgresAccount | undefined;
  readonly binaries: string;
  readonly cluster: Cluster;
}

async function initialise({ clusterDir, account, binaries, cluster }: NewCluster): Promise<void> {
  // A folder without PG_VERSION is an initdb that was interrupted.
  rmSync(clusterDir, { recursive: true, force: true });
  mkdirSync(clusterDir, { recursive: true });
  const passwordFile = join(clusterDir, '..', `.${cluster.id}.password`);
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 });
  if (account !== undefined) for (const path of [clusterDir, passwordFile]) chownSync(path, account.uid, account.gid);
  chmodSync(clusterDir, 0o700);
  const args = ['--pgdata', clusterDir, '--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const flags = ['--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions'];
  try {
    await promisify(execFile)(join(binaries, 'initdb'), [...args, ...flags], {
      ...account,
      cwd: '/',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Ends a server that still runs on these files, and forgets a pid that now belongs to another program. */
async function clearPidFile(clusterDir: string): Promise<void> {
  const file = join(clusterDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  const identity = processIdentity(pid);
  if (identity !== undefined && isPostgres(pid)) await endProcess(identity, ['SIGINT', 'SIGQUIT'], 15_000);
  else rmSync(file, { force: true });
}

function isPostgres(pid: number): boolean {
  try {
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

function serverArguments(clusterDir: string, host: string, port: number, ephemeral: boolean): string[] {
  const settings = {
    listen_addresses: host,
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(ephemeral ? { fsync: 'off', full_page_writes: 'off' } : {}),
  };
  return ['-D', clusterDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
