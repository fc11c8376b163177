import { orchestratorEventSubject, type OrchestratorEventName } from '#libs/contracts';
import { TokenIssuer } from '../../apps/gateway/src/auth/token.issuer.js';
import { SseClient, type SseOptions } from './event-stream.js';
import type { GatewayStage } from './hub.js';

/** Orchestrators at a gateway whose services are not there: tokens, and events as the services publish them. */
export class Orchestrators {
  private readonly open: { close(): void }[] = [];

  constructor(readonly stage: GatewayStage) {}

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
