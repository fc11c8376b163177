import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OrchestratorHeartbeat, OrchestratorPresence } from '#libs/contracts';
import { STALE_SINCE } from './contact.sql.js';
import { PresenceSettings } from './presence.settings.js';

/** An orchestrator as its heartbeat finds it. */
export interface HeartbeatRow {
  readonly entityId: string;
  readonly assignedId: string;
  readonly heartbeatIntervalS: number;
  readonly grantEndedAt: Date | null;
  readonly tokenExpiresAt: Date;
  readonly presence: OrchestratorPresence;
  readonly acceptedHeartbeatAt: Date | null;
  /** The database's clock. */
  readonly at: Date;
}

/** All methods run in the transaction of one heartbeat. */
@Injectable()
export class HeartbeatRepository {
  constructor(private readonly settings: PresenceSettings) {}

  async lock(tx: EntityManager, entityId: string, assignedId: string): Promise<HeartbeatRow | undefined> {
    const [row] = await tx.query<readonly HeartbeatRow[]>(
      `SELECT "entityId", "assignedId", "heartbeatIntervalS", "grantEndedAt", "tokenExpiresAt", "presence",
              "acceptedHeartbeatAt", date_trunc('milliseconds', clock_timestamp()) AS "at"
       FROM "orchestrators"."orchestrators" WHERE "assignedId" = $1 AND "entityId" = $2 FOR NO KEY UPDATE`,
      [assignedId, entityId],
    );
    return row;
  }

  /** A sign of life, also of a heartbeat that came too early. A long silence before it is remembered until the next sync. */
  async noteLife(tx: EntityManager, { assignedId, at }: HeartbeatRow): Promise<void> {
    await tx.query(
      `UPDATE "orchestrators"."orchestrators" SET
         "staleSince" = ${STALE_SINCE},
         "lastHeartbeatAt" = greatest("lastHeartbeatAt", $2::timestamptz)
       WHERE "assignedId" = $1`,
      [assignedId, at, this.settings.staleAfterS],
    );
  }

  async accept(tx: EntityManager, { assignedId, at }: HeartbeatRow, heartbeat: OrchestratorHeartbeat): Promise<void> {
    await tx.query(
      `UPDATE "orchestrators"."orchestrators"
       SET "acceptedHeartbeatAt" = $2, "heartbeatJson" = $3, "version" = coalesce($4, "version")
       WHERE "assignedId" = $1`,
      [assignedId, at, JSON.stringify(heartbeat), heartbeat.version ?? null],
    );
  }
}
