import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inboxPrefixOf } from '#libs/contracts';
import { BrokerConnection, provision } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { TokenIssuer } from '../../apps/gateway/src/auth/tokens/token.issuer.js';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { EntityService } from '../../apps/orchestrators/src/entities/entity.service.js';
import type { ChangeOutcome, RecordChange } from '../../apps/orchestrators/src/records/record.changes.js';
import { RecordWriter } from '../../apps/orchestrators/src/records/record.writer.js';
import { OrchestratorsModule } from '../../apps/orchestrators/src/orchestrators.module.js';
import { Api } from './api.js';
import { startTestBroker, type TestBroker } from './broker.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { TEST_PASSWORD_ENV } from './gateway.js';

/** A busy machine takes its time over a statement that writes more. */
const FILL_BATCH = 10_000;

@Module({ imports: [GatewayModule, OrchestratorsModule] })
class StageModule {}

interface Parts {
  readonly broker: TestBroker;
  readonly database: TestDatabase;
  readonly service: RunningService;
  readonly dataDir: string;
}

/** The gateway and the service behind its sync routes, in one process with a broker and a database of their own. */
export class SyncStage {
  private constructor(private readonly parts: Parts) {}

  static async open(env: Record<string, string> = {}): Promise<SyncStage> {
    Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
    const [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
    const credsFile = broker.credsFile('admin');
    const inboxPrefix = inboxPrefixOf('admin');
    const admin = await BrokerConnection.open({ url: broker.url, name: 'admin', inboxPrefix, credsFile });
    await provision(admin, { replicas: 1 });
    await admin.close();
    const dataDir = mkdtempSync(join(tmpdir(), 'muster-test-sync-'));
    const settings = { ...TEST_PASSWORD_ENV, DATA_DIR: dataDir, RATE_LIMIT_SYNC_DELTA_PER_MINUTE: '100000', ...env };
    Object.assign(process.env, settings);
    try {
      const config = new PlatformConfig('all-in-one', {
        ...settings,
        PORT: '0',
        DATABASE_URL: database.url,
        NATS_URL: broker.url,
        NATS_CREDS: broker.credsFile('all-in-one'),
        NATS_KEYS_DIR: broker.keysDir,
      });
      const options = { name: 'all-in-one', module: StageModule, configure: GatewayModule.configure };
      return new SyncStage({ broker, database, service: await startService(options, config), dataDir });
    } finally {
      for (const name of Object.keys(settings)) delete process.env[name];
    }
  }

  get service(): RunningService {
    return this.parts.service;
  }

  get broker(): TestBroker {
    return this.parts.broker;
  }

  get url(): string {
    return this.service.url;
  }

  query<T = Record<string, any>>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.dataSource.query(sql, parameters);
  }

  get dataSource(): DataSource {
    return this.service.app.get(DataSource);
  }

  async entity(entityId: string): Promise<void> {
    await this.service.app
      .get(EntityService, { strict: false })
      .create({ entity_id: entityId, fields: { name: entityId } });
  }

  /** The number of an entity's last change. */
  async seq(entityId: string): Promise<number> {
    const [row] = await this.query(`SELECT "changeSeq" FROM "orchestrators"."entities" WHERE "entityId" = $1`, [
      entityId,
    ]);
    return row?.['changeSeq'];
  }

  write(entityId: string, changes: readonly RecordChange[]): Promise<readonly ChangeOutcome[]> {
    return this.service.app.get(RecordWriter, { strict: false }).write(entityId, changes);
  }

  /** Fills a mall fast, with `count` areas of about 400 bytes as its first changes; their checksums are not of their data. */
  async fill(entityId: string, count: number): Promise<void> {
    for (let from = 1; from <= count; from += FILL_BATCH) {
      await this.query(
        `INSERT INTO "orchestrators"."record_versions"
           ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
         SELECT $1, 'areas', 'area-' || n, n, 'create',
           json_build_object('id', 'area-' || n, 'name', 'Area ' || n, 'description', repeat('x', 250),
             'created_at', now(), 'updated_at', now()), sha256(int8send(n)), now()
         FROM generate_series($2::bigint, least($2 + ${FILL_BATCH - 1}, $3::bigint)) n`,
        [entityId, from, count],
      );
    }
    await this.query(
      `UPDATE "orchestrators"."entities" SET "changeSeq" = $2, "changedAt" = now() WHERE "entityId" = $1`,
      [entityId, count],
    );
  }

  /** Speaks as the orchestrator of an entity. */
  async orchestrator(entityId: string, { id = `orch-${entityId}` } = {}): Promise<Api> {
    const scope = { role: 'orchestrator' as const, entityId, aliases: [] };
    const issuer = this.service.app.get(TokenIssuer, { strict: false });
    const { token } = await issuer.issueToMachine({ id, scope, sessionId: crypto.randomUUID(), lifeS: 3_600 });
    return new Api(this.url, token);
  }

  async close(): Promise<void> {
    await shutDown(this.service.stopSteps, 10_000);
    await this.parts.broker.stop();
    await this.parts.database.drop();
    rmSync(this.parts.dataDir, { recursive: true, force: true });
  }
}
