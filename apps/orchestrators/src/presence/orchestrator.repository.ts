import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { OrchestratorDto, OrchestratorHeartbeat, OrchestratorPage, OrchestratorPresence } from '#libs/contracts';

interface OrchestratorRow {
  readonly entityId: string;
  readonly orchestratorId: string;
  readonly assignedId: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly localAddress: string;
  readonly heartbeatIntervalS: number;
  readonly keyFingerprint: string | null;
  readonly grantEndedAt: Date | null;
  readonly registeredAt: Date;
  readonly tokenExpiresAt: Date;
  readonly syncedAt: Date | null;
  readonly presence: OrchestratorPresence;
  readonly presenceChangedAt: Date | null;
  readonly lastHeartbeatAt: Date | null;
  readonly heartbeatJson: OrchestratorHeartbeat | null;
  readonly deliveredAt: Date | null;
  readonly deliveredEventId: string | null;
}

const SELECT = `
  SELECT "entityId", "orchestratorId", "assignedId", "version", "capabilities", "localAddress", "heartbeatIntervalS",
         "keyFingerprint", "grantEndedAt", "registeredAt", "tokenExpiresAt", "syncedAt", "presence", "presenceChangedAt",
         "lastHeartbeatAt", "heartbeatJson", "deliveredAt", "deliveredEventId"
  FROM "orchestrators"."orchestrators"`;

/** Reads orchestrators for people. */
@Injectable()
export class OrchestratorRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** By assigned id; `after` is the last id of the page before. */
  async list(limit: number, after = ''): Promise<OrchestratorPage> {
    const rows = await this.dataSource.query<readonly OrchestratorRow[]>(
      `${SELECT} WHERE "assignedId" > $1 ORDER BY "assignedId" LIMIT $2`,
      [after, limit + 1],
    );
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.assignedId ?? null) : null;
    return { orchestrators: page.map(toOrchestratorDto), next };
  }

  /** The one in charge, else the one that was last. */
  async ofEntity(entityId: string): Promise<OrchestratorDto | undefined> {
    const [row] = await this.dataSource.query<readonly OrchestratorRow[]>(
      `${SELECT} WHERE "entityId" = $1 ORDER BY "grantEndedAt" DESC NULLS FIRST LIMIT 1`,
      [entityId],
    );
    return row && toOrchestratorDto(row);
  }
}

function toOrchestratorDto(row: OrchestratorRow): OrchestratorDto {
  const isActive = row.grantEndedAt === null;
  return {
    entity_id: row.entityId,
    orchestrator_id: row.orchestratorId,
    assigned_id: row.assignedId,
    version: row.version,
    capabilities: row.capabilities,
    local_address: row.localAddress,
    heartbeat_interval: row.heartbeatIntervalS,
    presence: row.presence,
    presence_changed_at: toText(row.presenceChangedAt),
    last_heartbeat_at: toText(row.lastHeartbeatAt),
    last_heartbeat: row.heartbeatJson,
    last_event_id: row.deliveredEventId,
    last_event_at: toText(row.deliveredAt),
    registered_at: row.registeredAt.toISOString(),
    is_active: isActive,
    token_expires_at: isActive ? row.tokenExpiresAt.toISOString() : null,
    key_fingerprint: row.keyFingerprint,
    synced_at: toText(row.syncedAt),
    initial_sync_required: row.syncedAt === null,
  };
}

const toText = (instant: Date | null): string | null => instant?.toISOString() ?? null;
