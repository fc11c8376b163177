import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import {
  MusterError,
  type HeartbeatAnswer,
  type OrchestratorCommand,
  type OrchestratorHeartbeat,
} from '#libs/contracts';
import { Outbox } from '#libs/outbox';
import { CommandRepository } from './command.repository.js';
import { HeartbeatRepository, type HeartbeatRow } from './heartbeat.repository.js';
import { orchestratorNotFound } from './orchestrator-not-found.js';
import { earlyByMs } from './presence.policy.js';
import { storePresence } from './presence.repository.js';

export interface HeartbeatRequest {
  readonly entity_id: string;
  readonly assigned_id: string;
  readonly heartbeat: OrchestratorHeartbeat;
  readonly acked_command_ids?: readonly string[];
  readonly token_due_s: number;
}

type Outcome = { readonly earlyMs: number } | { readonly answer: HeartbeatAnswer };

/** Takes heartbeats: each is a sign of life, and those that come in time are stored and answered with commands. */
@Injectable()
export class HeartbeatService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly heartbeats: HeartbeatRepository,
    private readonly commands: CommandRepository,
    private readonly outbox: Outbox,
  ) {}

  /** @throws MusterError `RATE_LIMIT_EXCEEDED`, `AUTH_INVALID_TOKEN` after a reset, `ORCHESTRATOR_NOT_FOUND`. */
  async take(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    const outcome = await this.dataSource.transaction((tx) => this.takeIn(tx, request));
    this.outbox.kick();
    if ('answer' in outcome) return outcome.answer;
    const retryAfterSeconds = Math.max(1, Math.ceil(outcome.earlyMs / 1000));
    throw new MusterError('RATE_LIMIT_EXCEEDED', 'This heartbeat came before its interval was over.', {
      limit: 1,
      retryAfterSeconds,
    });
  }

  private async takeIn(tx: EntityManager, request: HeartbeatRequest): Promise<Outcome> {
    const row = await this.heartbeats.lock(tx, request.entity_id, request.assigned_id);
    if (!row) throw orchestratorNotFound(request.entity_id);
    if (row.grantEndedAt) throw new MusterError('AUTH_INVALID_TOKEN', 'The registration was ended; register again.');
    await this.heartbeats.noteLife(tx, row);
    await this.wake(tx, row);
    const { acceptedHeartbeatAt, heartbeatIntervalS } = row;
    const earlyMs = earlyByMs(acceptedHeartbeatAt?.getTime() ?? null, heartbeatIntervalS, row.at.getTime());
    if (earlyMs > 0) return { earlyMs };
    await this.heartbeats.accept(tx, row, request.heartbeat);
    const commands = await this.commandsFor(tx, row, request);
    return {
      answer: {
        acknowledged: true,
        server_time: row.at.toISOString(),
        next_heartbeat_seconds: heartbeatIntervalS,
        commands,
      },
    };
  }

  private async wake(tx: EntityManager, row: HeartbeatRow): Promise<void> {
    if (row.presence === 'online') return;
    const { entityId, assignedId, presence: previous, at } = row;
    await storePresence(tx, [{ entityId, assignedId, previous, presence: 'online', lastHeartbeatAt: at, at }]);
  }

  private async commandsFor(
    tx: EntityManager,
    row: HeartbeatRow,
    { acked_command_ids: acked, token_due_s }: HeartbeatRequest,
  ): Promise<readonly OrchestratorCommand[]> {
    await this.commands.confirm(tx, row.assignedId, acked);
    const waiting = await this.commands.handOut(tx, row.assignedId);
    return [...rotationOf(row, token_due_s), ...waiting];
  }
}

/** Told with every heartbeat while the token is due; the id names the token, so that a client acts on it once. */
function rotationOf({ assignedId, tokenExpiresAt, at }: HeartbeatRow, dueS: number): readonly OrchestratorCommand[] {
  const leftMs = tokenExpiresAt.getTime() - at.getTime();
  if (leftMs > dueS * 1000) return [];
  const expires_at = tokenExpiresAt.toISOString();
  return [{ command_id: `rotate-${assignedId}-${tokenExpiresAt.getTime()}`, type: 'rotate_token', expires_at }];
}
