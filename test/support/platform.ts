import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credsPath } from '../../scripts/embedded/broker-keys.js';
import type { SupervisedChild } from '../../scripts/embedded/child.js';
import { guardDirectory } from '../../scripts/embedded/guardian.js';
import type { Passwords } from '../../scripts/embedded/passwords.js';
import { launchPlatform, type Platform } from '../../scripts/embedded/platform.js';

export interface TestPlatformOptions {
  readonly topology: 'all-in-one' | 'separate';
  readonly gateways?: 1 | 2;
  /** Added to every app's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Postgres flushes to disk as in production: for measuring and for kill -9. */
  readonly durable?: boolean;
}

export interface TestPlatform {
  /** Base URL of the first gateway. */
  readonly url: string;
  readonly urls: readonly string[];
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly passwords: Passwords;
  /** Path of a broker user's .creds file, e.g. `admin`. */
  credsFile(user: string): string;
  /** Process id; undefined while it does not run. */
  pid(name: string): number | undefined;
  /** What a process has written; names as in `kill`. */
  logs(name: string): string;
  /** SIGKILL for `postgres`, `nats-server`, `all-in-one`, `gateway`, `gateway-2`, `robots`, `commands` or `telemetry`. */
  kill(name: string): Promise<void>;
  /** Starts it again (after stopping it politely, when it runs) and waits until it is ready. */
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** The built platform (dist) on free ports, with its own Postgres and nats-server in a temporary directory. */
export async function startPlatform(options: TestPlatformOptions): Promise<TestPlatform> {
  const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-platform-'));
  chmodSync(dataDir, 0o711);
  guardDirectory(dataDir);
  const platform = await launchPlatform({ ...options, dataDir, ephemeral: options.durable !== true });
  return {
    url: platform.urls[0] ?? '',
    urls: platform.urls,
    natsUrl: platform.stack.natsUrl,
    databaseUrl: platform.stack.databaseUrl,
    passwords: platform.credentials.passwords,
    credsFile: (user) => credsPath(platform.stack.keysDir, user),
    pid: (name) => childOf(platform, name).pid,
    logs: (name) => childOf(platform, name).logs(),
    kill: (name) => childOf(platform, name).kill(),
    restart: (name) => childOf(platform, name).restart(),
    stop: async () => {
      await platform.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function childOf({ children }: Platform, name: string): SupervisedChild {
  const child = children.get(name);
  if (child === undefined) throw new Error(`no process "${name}"; there are ${[...children.keys()].join(', ')}`);
  return child;
}
