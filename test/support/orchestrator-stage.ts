import { orchestratorEventSubject, type OrchestratorEventName } from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import type { DataSource } from 'typeorm';
import { OrchestratorsModule } from '../../apps/orchestrators/src/orchestrators.module.js';
import { TokenIssuer } from '../../apps/gateway/src/auth/tokens/token.issuer.js';
import { SseClient, type SseOptions, WsClient, type WsOptions } from './event-stream.js';
import type { GatewayStage } from './hub.js';

const STOP_WITHIN_MS = 10_000;

/** Orchestrators at a gateway whose services are not there: tokens, and events as the services publish them. */
export class Orchestrators {
  private readonly open: { close(): void }[] = [];
  private service: { readonly running: RunningService; readonly database: DataSource } | undefined;

  constructor(readonly stage: GatewayStage) {}

  /** Starts the service that keeps entities, acknowledgements and contacts. */
  async startService(): Promise<void> {
    const { databaseUrl, live } = this.stage;
    const config = new PlatformConfig('orchestrators', {
      PORT: '0',
      NATS_URL: live.server.url,
      NATS_CREDS: live.server.credsFile('orchestrators'),
      DATABASE_URL: databaseUrl,
    });
    const running = await startService({ name: 'orchestrators', module: OrchestratorsModule }, config);
    const database = await connectDataSource({ url: databaseUrl, applicationName: 'spec', poolSize: 2 });
    this.service = { running, database };
  }

  /** Runs a statement in the service's database. */
  query(sql: string, parameters: unknown[] = []): Promise<any[]> {
    if (!this.service) throw new Error('the service was not started');
    return this.service.database.query(sql, parameters);
  }

  /** Makes an entity, as an administrator does. */
  async entity(entityId: string): Promise<void> {
    await this.query(`INSERT INTO "orchestrators"."entities" ("entityId", "name") VALUES ($1, $1)`, [entityId]);
  }

  async close(): Promise<void> {
    this.closeAll();
    await this.service?.database.destroy();
    if (this.service) await shutDown(this.service.running.stopSteps, STOP_WITHIN_MS);
    await this.stage.close();
  }

  /** A token of an entity's orchestrator. */
  async token(entityId: string, { id = `orch-${entityId}`, lifeS = 3_600, sessionId = crypto.randomUUID() } = {}) {
    const scope = { role: 'orchestrator' as const, entityId, aliases: [] };
    const issuer = this.stage.gateway.app.get(TokenIssuer, { strict: false });
    return (await issuer.issueToMachine({ id, scope, sessionId, lifeS })).token;
  }

  /** Publishes an event to an entity; answers its sequence. */
  tell(entityId: string, data: Record<string, unknown> = {}, event: OrchestratorEventName = 'data_update') {
    return this.stage.live.raw(orchestratorEventSubject(entityId), JSON.stringify({ event, data }));
  }

  async ws(entityId: string, options: WsOptions & { url?: string } = {}): Promise<WsClient> {
    const token = options.token ?? (await this.token(entityId));
    return this.closing(await WsClient.open(options.url ?? this.stage.url, { ...options, token }));
  }

  async sse(entityId: string, options: Partial<SseOptions> & { url?: string } = {}): Promise<SseClient> {
    const token = options.token ?? (await this.token(entityId));
    return this.closing(await SseClient.open(options.url ?? this.stage.url, { ...options, token }));
  }

  /** Remembers what is to be closed after the test. */
  closing<T extends { close(): void }>(client: T): T {
    this.open.push(client);
    return client;
  }

  closeAll(): void {
    for (const client of this.open.splice(0)) client.close();
  }
}
