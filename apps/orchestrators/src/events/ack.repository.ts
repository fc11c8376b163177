import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EventAck, EventAckRequest, StoredEventAck } from '#libs/contracts';
import { unnest } from '#libs/database';

interface AckRow {
  readonly event_id: string;
  readonly orchestrator_id: string;
  readonly status: string;
  readonly error: string | null;
  readonly acknowledged_at: Date;
}

/** What says nothing of its own: it never replaces a word that does. */
const PLAIN = 'acknowledged';

/** Stores acknowledgements of events; one that says the same as before changes nothing. */
export async function storeAcks(
  tx: EntityManager,
  { entity_id, orchestrator_id, acks }: EventAckRequest,
): Promise<void> {
  // A statement can change a row only once: of two words about one event the later one holds.
  const distinct = [...new Map(acks.map((ack) => [ack.event_id, ack])).values()];
  const rows = unnest(
    distinct,
    {
      eventId: { type: 'text', value: (ack) => ack.event_id },
      status: { type: 'text', value: (ack) => ack.status },
      error: { type: 'text', value: (ack) => ack.error },
    },
    4,
  );
  await tx.query(
    `INSERT INTO "orchestrators"."event_acks" AS a ("entityId", "orchestratorId", "eventId", "status", "error")
     SELECT $1, $2, r."eventId", r."status", r."error" FROM ${rows.sql}
     ON CONFLICT ("entityId", "eventId", "orchestratorId") DO UPDATE SET
       "status" = excluded."status", "error" = excluded."error", "acknowledgedAt" = excluded."acknowledgedAt"
     WHERE excluded."status" <> $3
       AND (a."status", a."error") IS DISTINCT FROM (excluded."status", excluded."error")`,
    [entity_id, orchestrator_id, PLAIN, ...rows.parameters],
  );
}

/** Notes at a configuration that its present version was acknowledged. */
export async function storeConfigurationAck(
  tx: EntityManager,
  { entity_id, orchestrator_id }: EventAckRequest,
  { status, error, config }: EventAck,
): Promise<void> {
  if (!config) return;
  await tx.query(
    `UPDATE "orchestrators"."configurations"
     SET "ackedBy" = $4, "ackStatus" = $5, "ackError" = $6, "ackedAt" = clock_timestamp()
     WHERE "entityId" = $1 AND "type" = $2 AND "version" = $3
       AND ("ackStatus" IS NULL OR $5 <> $7 AND ("ackStatus", "ackError") IS DISTINCT FROM ($5, $6))`,
    [entity_id, config.type, config.version, orchestrator_id, status, error ?? null, PLAIN],
  );
}

@Injectable()
export class AckRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Acknowledgements of some events of an entity, oldest first. */
  async of(entityId: string, eventIds: readonly string[]): Promise<readonly StoredEventAck[]> {
    const rows = await this.dataSource.query<readonly AckRow[]>(
      `SELECT "eventId" AS "event_id", "orchestratorId" AS "orchestrator_id", "status", "error",
              "acknowledgedAt" AS "acknowledged_at"
       FROM "orchestrators"."event_acks" WHERE "entityId" = $1 AND "eventId" = ANY($2)
       ORDER BY "acknowledgedAt", "orchestratorId"`,
      [entityId, eventIds],
    );
    return rows.map((row) => ({ ...row, acknowledged_at: row.acknowledged_at.toISOString() }));
  }

  /** Forgets at most `limit` of those that are older; answers how many. */
  async forget(olderThanDays: number, limit: number): Promise<number> {
    const [, count] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM "orchestrators"."event_acks" WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM "orchestrators"."event_acks"
         WHERE "acknowledgedAt" < clock_timestamp() - make_interval(days => $1) LIMIT $2))`,
      [olderThanDays, limit],
    );
    return count;
  }
}
