import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger, type Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { inboxPrefixOf, mallEventsFilter, type RequestContract } from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { BrokerConnection, provision, RpcClient } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { BeaconsModule } from '../../apps/beacons/src/beacons.module.js';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { OrchestratorsModule } from '../../apps/orchestrators/src/orchestrators.module.js';
import { RobotsModule } from '../../apps/robots/src/robots.module.js';
import { Api } from './api.js';
import { startTestBroker, type TestBroker } from './broker.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS } from './gateway.js';

const STOP_WITHIN_MS = 10_000;

const APPS: Readonly<Record<string, Type>> = {
  orchestrators: OrchestratorsModule,
  beacons: BeaconsModule,
  robots: RobotsModule,
};

export interface MallEvent {
  readonly subject: string;
  readonly messageId: string;
  readonly body: Record<string, any>;
}

interface Parts {
  readonly broker: TestBroker;
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  readonly admin: NatsConnection;
  readonly asker: BrokerConnection;
  readonly rpc: RpcClient;
  readonly dataDir: string;
  readonly env: Record<string, string>;
}

/** Gateway, orchestrators and beacons as real apps in this process, each with its own rights, on a real broker and database. */
export class MallStage {
  /** Domain events about malls so far. */
  readonly events: MallEvent[] = [];
  private readonly running: { readonly name: string; readonly service: RunningService }[] = [];

  private constructor(private readonly parts: Parts) {}

  static async open(env: Record<string, string> = {}): Promise<MallStage> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
    const [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    const provisioner = await openAs(broker, 'provisioner');
    await provision(provisioner, { replicas: 1 });
    await provisioner.close();
    const [dataSource, admin, asker] = await Promise.all([
      connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 4 }),
      broker.connect('admin', { maxReconnectAttempts: -1, reconnectTimeWait: 100 }),
      openAs(broker, 'gateway'),
    ]);
    const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-mall-'));
    const rpc = new RpcClient(asker);
    const stage = new MallStage({ broker, database, dataSource, admin, asker, rpc, dataDir, env });
    stage.watch();
    for (const name of ['orchestrators', 'beacons', 'gateway']) await stage.add(name);
    return stage;
  }

  get broker(): TestBroker {
    return this.parts.broker;
  }

  get databaseUrl(): string {
    return this.parts.database.url;
  }

  get dataSource(): DataSource {
    return this.parts.dataSource;
  }

  /** Of the first gateway. */
  get url(): string {
    return this.urls[0]!;
  }

  get urls(): string[] {
    return this.running.filter(({ name }) => name === 'gateway').map(({ service }) => service.url);
  }

  /** A running app, to look into it. */
  service(name: string, index = 0): RunningService {
    return this.running.filter((each) => each.name === name)[index]!.service;
  }

  /** Starts one more replica of `gateway`, `orchestrators` or `beacons`, or `robots`, which is not there at first. */
  async add(name: string, env: Record<string, string> = {}): Promise<RunningService> {
    const { broker, database, dataDir, env: common } = this.parts;
    const all = {
      ...TEST_PASSWORD_ENV,
      PORT: '0',
      DATA_DIR: dataDir,
      NATS_URL: broker.url,
      NATS_CREDS: broker.credsFile(name),
      NATS_KEYS_DIR: broker.keysDir,
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '6',
      RATE_LIMIT_USER_PER_MINUTE: '1000000',
      ...common,
      ...env,
    };
    const service = await withEnvironment(all, () => startApp(name));
    this.running.push({ name, service });
    return service;
  }

  /** Stops a replica in order. */
  async stop(service: RunningService): Promise<void> {
    const index = this.running.findIndex((each) => each.service === service);
    this.running.splice(index, 1);
    await shutDown(service.stopSteps, STOP_WITHIN_MS);
  }

  as(user: keyof typeof TEST_PASSWORDS): Promise<Api> {
    return Api.login(this.url, user, TEST_PASSWORDS[user]);
  }

  /** Asks a service as the gateway does. */
  ask<Request, Response>(contract: RequestContract<Request, Response>, request: Request): Promise<Response> {
    return this.parts.rpc.ask(contract, request);
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.parts.dataSource.query(sql, parameters);
  }

  /** Domain events of one entity by name. */
  eventsOf(entityId: string, event: string): MallEvent[] {
    return this.events.filter(({ subject }) => subject.endsWith(`.${entityId}.${event}`));
  }

  async close(): Promise<void> {
    for (const { service } of [...this.running].reverse()) await this.stop(service);
    await this.parts.rpc.onModuleDestroy();
    await this.parts.asker.close();
    await this.parts.admin.close();
    await this.parts.dataSource.destroy();
    await this.parts.broker.stop();
    await this.parts.database.drop();
    rmSync(this.parts.dataDir, { recursive: true, force: true });
  }

  private watch(): void {
    this.parts.admin.subscribe(mallEventsFilter(), {
      callback: (_error, message) => {
        const messageId = message.headers?.get('Nats-Msg-Id') ?? '';
        this.events.push({ subject: message.subject, messageId, body: message.json() });
      },
    });
  }
}

function startApp(name: string): Promise<RunningService> {
  const config = new PlatformConfig(name);
  const module = APPS[name];
  if (module) return startService({ name, module }, config);
  return startService({ name, module: GatewayModule, configure: GatewayModule.configure }, config);
}

/** Settings are read from the environment when their module starts. */
async function withEnvironment<T>(env: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

function openAs(broker: TestBroker, user: string): Promise<BrokerConnection> {
  return BrokerConnection.open({
    url: broker.url,
    credsFile: broker.credsFile(user),
    name: user,
    inboxPrefix: inboxPrefixOf(user),
  });
}
