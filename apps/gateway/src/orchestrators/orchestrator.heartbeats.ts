import { Injectable, Logger } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import { isEventId, ORCHESTRATORS_REQUESTS, type HeartbeatAnswer } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { entityOf, requireOwnEntity } from '../isolation/entity.access.js';
import { EventAcknowledger, PLAIN_STATUS } from '../orchestrator-events/event.acknowledger.js';
import { toHeartbeat, type OrchestratorHeartbeatRequest } from './heartbeat.dto.js';
import { OrchestratorTokens } from './orchestrator.tokens.js';

/** Takes the heartbeat of an orchestrator, over whichever transport it came. */
@Injectable()
export class OrchestratorHeartbeats {
  private readonly logger = new Logger(OrchestratorHeartbeats.name);

  constructor(
    private readonly rpc: RpcClient,
    private readonly tokens: OrchestratorTokens,
    private readonly acknowledger: EventAcknowledger,
  ) {}

  /** @throws MusterError `ENTITY_ACCESS_DENIED`, `RATE_LIMIT_EXCEEDED`, `ORCHESTRATOR_NOT_FOUND` */
  async take(principal: Principal, body: OrchestratorHeartbeatRequest): Promise<HeartbeatAnswer> {
    requireOwnEntity(principal, { body });
    const { acked_event_ids: events = [], acked_command_ids: commands } = body;
    const entityId = entityOf(principal);
    await this.acknowledge({ entityId, orchestratorId: principal.id }, events ?? []);
    return this.rpc.ask(ORCHESTRATORS_REQUESTS.heartbeat, {
      entity_id: entityId,
      assigned_id: principal.id,
      heartbeat: toHeartbeat(body),
      ...(commands && { acked_command_ids: commands }),
      token_due_s: this.tokens.dueS,
    });
  }

  /** Nothing waits for acknowledgements (decision C14), so a heartbeat does not fail with them. */
  private async acknowledge(
    by: { readonly entityId: string; readonly orchestratorId: string },
    eventIds: readonly string[],
  ): Promise<void> {
    const said = eventIds.filter(isEventId).map((event_id) => ({ event_id, status: PLAIN_STATUS }));
    if (said.length === 0) return;
    try {
      await this.acknowledger.acknowledgeKnown(by, said);
    } catch (error) {
      this.logger.warn({ event: 'heartbeat_acks_not_taken', orchestrator_id: by.orchestratorId, error });
    }
  }
}
