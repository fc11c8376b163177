import { connect } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { publicKeyOf, type BrokerKeys } from '#libs/auth';
import { prepareBrokerKeys } from './broker-keys.js';
import { stopLeftOver, SupervisedChild } from './child.js';

/** Debian and Homebrew put nats-server where a user's PATH may not look. */
const MORE_PATHS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

export interface NatsOptions {
  /** Muster's own data directory; the broker lives in a folder of it. */
  readonly dataDir: string;
  readonly port: number;
  readonly host?: string;
  /** `operator`: only users that we signed. `open`: anybody, for tests that are not about rights. */
  readonly security?: 'operator' | 'open';
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Holds keys.json and the .creds files. */
  readonly keysDir: string;
  readonly child: SupervisedChild;
}

/** Starts nats-server with JetStream under `dataDir`, generating keys and configuration as needed. */
export async function startNatsServer(options: NatsOptions): Promise<NatsServer> {
  const host = options.host ?? '127.0.0.1';
  const runDir = join(options.dataDir, 'run');
  await stopLeftOver(runDir, 'nats-server');
  const keysDir = resolve(options.dataDir, 'nats');
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  const keys = options.security === 'open' ? undefined : await prepareBrokerKeys(keysDir);
  const configFile = join(keysDir, 'nats-server.conf');
  writeFileSync(configFile, configText({ host, port: options.port, keysDir, keys }), { mode: 0o600 });
  const child = new SupervisedChild({
    name: 'nats-server',
    command: process.env.NATS_SERVER_BINARY ?? 'nats-server',
    args: ['-c', configFile],
    env: { ...process.env, PATH: [process.env.PATH, ...MORE_PATHS].join(':') },
    logFile: join(options.dataDir, 'logs', 'nats-server.log'),
    runDir,
    isReady: () => greets(options.port, host),
  });
  await child.start();
  return { url: `nats://${host}:${options.port}`, port: options.port, keysDir, child };
}

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly keysDir: string;
  readonly keys: BrokerKeys | undefined;
}

function configText({ host, port, keysDir, keys }: Settings): string {
  const quote = (text: string): string => JSON.stringify(text);
  return [
    'server_name: "muster"',
    `listen: ${quote(`${host}:${port}`)}`,
    'max_payload: 1MB',
    // The limit is what streams may reserve together; the default of 75 % of the free disk refuses ours on a small one.
    `jetstream { store_dir: ${quote(join(keysDir, 'store'))}, max_file_store: 256GB }`,
    ...(keys === undefined ? [] : securityLines(keys, keysDir)),
    '',
  ].join('\n');
}

function securityLines(keys: BrokerKeys, keysDir: string): string[] {
  const system = publicKeyOf(keys.systemAccountSeed);
  return [
    `operator: ${keys.operatorJwt}`,
    `system_account: ${system}`,
    // "full" keeps pushed claims, and so revocations, over a restart; the older preload does not replace newer ones.
    `resolver { type: full, dir: ${JSON.stringify(join(keysDir, 'accounts'))}, allow_delete: false }`,
    'resolver_preload {',
    `  ${publicKeyOf(keys.accountSeed)}: ${keys.accountJwt}`,
    `  ${system}: ${keys.systemAccountJwt}`,
    '}',
  ];
}

/** A nats-server speaks first: its INFO line says that it accepts clients. */
function greets(port: number, host: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host });
    const settle = (ready: boolean): void => {
      socket.destroy();
      done(ready);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('data', (chunk) => settle(chunk.toString().startsWith('INFO')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
