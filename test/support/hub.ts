import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { inboxPrefixOf } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { Api } from './api.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS } from './gateway.js';
import { HubClient } from './hub-client.js';
import { LiveStage } from './live.js';
import { FakeServices } from './services.js';

const STOP_WITHIN_MS = 10_000;

interface Parts {
  readonly live: LiveStage;
  readonly services: FakeServices;
  readonly gateway: RunningService;
  readonly behind: BrokerConnection;
  readonly database: TestDatabase;
  readonly dataDir: string;
}

type User = keyof typeof TEST_PASSWORDS;

/** A whole gateway with its own broker and database; the services behind it answer as a test says. */
export class GatewayStage {
  private readonly more: RunningService[] = [];

  private constructor(
    private readonly parts: Parts,
    private readonly environment: Record<string, string>,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<GatewayStage> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn', 'log']);
    const [live, database] = await Promise.all([LiveStage.open(), createTestDatabase()]);
    const behind = await BrokerConnection.open({
      url: live.server.url,
      name: 'all-in-one',
      inboxPrefix: inboxPrefixOf('all-in-one'),
      credsFile: live.server.credsFile('all-in-one'),
    });
    const services = new FakeServices();
    await services.listen(behind);
    const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-gateway-'));
    const environment = {
      ...TEST_PASSWORD_ENV,
      PORT: '0',
      DATA_DIR: dataDir,
      NATS_URL: live.server.url,
      NATS_CREDS: live.server.credsFile('gateway'),
      DATABASE_URL: database.url,
      RATE_LIMIT_USER_PER_MINUTE: '1000000',
      ...env,
    };
    const gateway = await startGateway(environment);
    return new GatewayStage({ live, services, gateway, behind, database, dataDir }, environment);
  }

  get live(): LiveStage {
    return this.parts.live;
  }

  get services(): FakeServices {
    return this.parts.services;
  }

  get gateway(): RunningService {
    return this.parts.gateway;
  }

  get url(): string {
    return this.gateway.url;
  }

  get databaseUrl(): string {
    return this.parts.database.url;
  }

  /** Gateways that were added, oldest first. */
  get others(): readonly RunningService[] {
    return this.more;
  }

  /** Starts one more gateway on the same broker and database. */
  async addGateway(): Promise<RunningService> {
    const gateway = await startGateway(this.environment);
    this.more.push(gateway);
    return gateway;
  }

  /** Stops it in order, as a rolling update does. */
  async stopGateway(gateway: RunningService): Promise<void> {
    this.more.splice(this.more.indexOf(gateway), 1);
    await shutDown(gateway.stopSteps, STOP_WITHIN_MS);
  }

  as(user: User): Promise<Api> {
    return Api.login(this.url, user, TEST_PASSWORDS[user]);
  }

  /** A browser that is logged in and connected to the hub. */
  async browser(user: User = 'viewer'): Promise<HubClient> {
    const { token } = await this.as(user);
    return HubClient.open(this.url, token);
  }

  async close(): Promise<void> {
    while (this.more[0]) await this.stopGateway(this.more[0]);
    await shutDown(this.gateway.stopSteps, STOP_WITHIN_MS);
    await this.services.close();
    await this.parts.behind.close();
    await this.live.close();
    await this.parts.database.drop();
    rmSync(this.parts.dataDir, { recursive: true, force: true });
  }
}

/** Settings are read from the environment when their module starts. */
async function startGateway(env: Record<string, string>): Promise<RunningService> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    const options = { name: 'gateway', module: GatewayModule, servesTls: true, configure: GatewayModule.configure };
    return await startService(options, new PlatformConfig('gateway'));
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
