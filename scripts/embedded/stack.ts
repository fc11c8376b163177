import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { credsPath } from './broker-keys.js';
import { startNatsServer, type NatsServer } from './nats-server.js';
import { freePort, requireFreePort } from './ports.js';
import { startPostgres, type PostgresServer } from './postgres.js';
import { provisionStreams } from './provision-streams.js';

export interface StackOptions {
  readonly dataDir: string;
  readonly host?: string;
  /** Port of the broker; a free one when absent. */
  readonly natsPort?: number;
  /** Servers that are yours and are not started. */
  readonly external?: {
    readonly natsUrl?: string;
    readonly natsCreds?: string;
    readonly databaseUrl?: string;
  };
  /** Copies of each stream in the broker's cluster. */
  readonly streamReplicas?: number;
  /** For tests: Postgres flushes nothing to disk. */
  readonly ephemeral?: boolean;
  /** Told before each step, in words for a terminal. */
  readonly onStep?: (step: string) => void;
}

export interface Stack {
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  /** Holds keys.json and `<user>.creds`. */
  readonly keysDir: string;
  readonly postgres: PostgresServer | undefined;
  readonly nats: NatsServer | undefined;
  stop(): Promise<void>;
}

/** Postgres and a broker with its streams, each embedded unless `external` names yours. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { external = {}, onStep = () => undefined } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.splice(0).reverse()) await child.stop();
  };
  try {
    const postgres = external.databaseUrl === undefined ? await embedPostgres(options, dataDir) : undefined;
    if (postgres !== undefined) started.push(postgres.child);
    const nats = external.natsUrl === undefined ? await embedNats(options, dataDir) : undefined;
    if (nats !== undefined) started.push(nats.child);
    const keysDir = join(dataDir, 'nats');
    const natsUrl = external.natsUrl ?? nats?.url ?? '';
    onStep('streams');
    const credsFile = nats === undefined ? external.natsCreds : credsPath(keysDir, 'provisioner');
    await provisionStreams({ url: natsUrl, credsFile, replicas: options.streamReplicas ?? 1 });
    return {
      dataDir,
      natsUrl,
      databaseUrl: external.databaseUrl ?? postgres?.url ?? '',
      keysDir,
      postgres,
      nats,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function embedPostgres({ ephemeral, onStep }: StackOptions, dataDir: string): Promise<PostgresServer> {
  onStep?.('Postgres');
  return startPostgres({ dataDir, ephemeral });
}

async function embedNats({ natsPort, host, onStep }: StackOptions, dataDir: string): Promise<NatsServer> {
  onStep?.('nats-server');
  if (natsPort !== undefined) await requireFreePort(natsPort, 'NATS_PORT', host);
  return startNatsServer({ dataDir, host, port: natsPort ?? (await freePort(host)) });
}
