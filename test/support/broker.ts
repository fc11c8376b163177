import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, credsAuthenticator, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { parseBrokerKeys, type BrokerKeys } from '#libs/auth';
import { inboxPrefixOf, SERVICE_USERS } from '#libs/contracts';
import { credsPath, prepareBrokerKeys } from '../../scripts/embedded/broker-keys.js';
import { guardDirectory } from '../../scripts/embedded/guardian.js';
import { startNatsServer, type NatsServer } from '../../scripts/embedded/nats-server.js';
import { freePort } from '../../scripts/embedded/ports.js';

export interface TestBroker {
  readonly url: string;
  readonly port: number;
  /** Holds keys.json and one .creds file per service user. */
  readonly keysDir: string;
  readonly keys: BrokerKeys;
  readonly server: NatsServer;
  /** Path of a service user's credentials. */
  credsFile(user: string): string;
  /** Connects as a user of the broker's own directory, or with credentials given as text. */
  connect(user: string | { creds: string; name: string }, options?: ConnectionOptions): Promise<NatsConnection>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface OpenTestBroker {
  readonly url: string;
  readonly port: number;
  readonly server: NatsServer;
  connect(options?: ConnectionOptions): Promise<NatsConnection>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real nats-server of its own with full operator security; `ownKeys` makes an operator that no other test shares. */
export async function startTestBroker({ ownKeys = false } = {}): Promise<TestBroker> {
  const { server, stop } = await launch('operator', ownKeys);
  const keys = parseBrokerKeys(readFileSync(join(server.keysDir, 'keys.json'), 'utf8'));
  return {
    url: server.url,
    port: server.port,
    keysDir: server.keysDir,
    keys,
    server,
    credsFile: (user) => credsPath(server.keysDir, user),
    connect: (user, options) => connectAs(server, user, options),
    kill: () => server.child.kill(),
    restart: () => restart(server),
    stop,
  };
}

/** A real nats-server of its own that lets anybody in. */
export async function startOpenTestBroker(): Promise<OpenTestBroker> {
  const { server, stop } = await launch('open');
  return {
    url: server.url,
    port: server.port,
    server,
    connect: (options) => connect({ servers: server.url, ...options }),
    kill: () => server.child.kill(),
    restart: () => restart(server),
    stop,
  };
}

async function launch(
  security: 'operator' | 'open',
  ownKeys = false,
): Promise<{ server: NatsServer; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-nats-'));
  guardDirectory(dataDir);
  if (security === 'operator' && !ownKeys) await copyCachedKeys(join(dataDir, 'nats'));
  const server = await startNatsServer({ dataDir, port: await freePort(), security });
  return {
    server,
    stop: async () => {
      await server.child.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Minting nine users takes seconds under Jest, so the test operator's keys are kept between runs. */
async function copyCachedKeys(keysDir: string): Promise<void> {
  const rights = createHash('sha256').update(JSON.stringify(SERVICE_USERS)).digest('hex').slice(0, 16);
  const cache = resolve(import.meta.dirname, `../../node_modules/.cache/muster-test-broker-${rights}`);
  if (!existsSync(cache)) {
    const unfinished = `${cache}.${process.pid}`;
    await prepareBrokerKeys(unfinished);
    if (!existsSync(cache)) renameSync(unfinished, cache);
  }
  cpSync(cache, keysDir, { recursive: true });
}

async function restart({ child }: NatsServer): Promise<void> {
  await child.stop();
  await child.start();
}

function connectAs(
  server: NatsServer,
  user: string | { creds: string; name: string },
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const name = typeof user === 'string' ? user : user.name;
  const creds = typeof user === 'string' ? readFileSync(credsPath(server.keysDir, user), 'utf8') : user.creds;
  return connect({
    servers: server.url,
    name,
    inboxPrefix: inboxPrefixOf(name),
    authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
    ...options,
  });
}
