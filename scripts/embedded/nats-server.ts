import { connect } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prepareBrokerKeys } from './broker-keys.js';
import { stopLeftOver, SupervisedChild } from './child.js';
import { natsConfig } from './nats-config.js';

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
  writeFileSync(configFile, natsConfig({ host, port: options.port, directory: keysDir, keys }), { mode: 0o600 });
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
