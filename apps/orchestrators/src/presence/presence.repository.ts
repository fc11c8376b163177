import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { OrchestratorPresence } from '#libs/contracts';
import { unnest } from '#libs/database';
import { enqueue } from '../orchestrators.outbox.js';
import { isGone, presenceEvent, type Hearing, type PresenceTransition } from './presence.policy.js';

/** Without a word from any gateway for so long, heartbeats could not be heard. */
const LISTENING_GAP_S = 15;

interface OnlineRow {
  readonly entityId: string;
  readonly assignedId: string;
  readonly heartbeatIntervalS: number;
  readonly presence: OrchestratorPresence;
  readonly lastHeartbeatAt: Date;
  readonly at: Date;
}

@Injectable()
export class PresenceRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** A gateway can be reached and reaches us: one row for all replicas, by the database's clock. */
  async noteListening(): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO "orchestrators"."listening" AS known ("since", "until") VALUES (clock_timestamp(), clock_timestamp())
       ON CONFLICT ("isOnly") DO UPDATE SET
         "since" = CASE WHEN known."until" < clock_timestamp() - make_interval(secs => $1)
                        THEN clock_timestamp() ELSE known."since" END,
         "until" = greatest(known."until", clock_timestamp())`,
      [LISTENING_GAP_S],
    );
  }

  /** `undefined` before the first word of a gateway. */
  async hearing(): Promise<Hearing | undefined> {
    const [row] = await this.dataSource.query<readonly { since: Date; until: Date }[]>(
      `SELECT "since", "until" FROM "orchestrators"."listening"`,
    );
    return row && { sinceMs: row.since.getTime(), untilMs: row.until.getTime() };
  }

  /** Moves up to `max` who are gone, with their events. Replicas share the work: each locks what no other one holds. */
  moveGone(hearing: Hearing, missedHeartbeats: number, max: number): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      const silent = await lockSilent(tx, { hearing, missedHeartbeats, max });
      const gone = silent.filter(({ lastHeartbeatAt, heartbeatIntervalS: intervalS }) =>
        isGone({ lastHeartbeatMs: lastHeartbeatAt.getTime(), intervalS, missedHeartbeats }, hearing),
      );
      const transitions = gone.map((row) => ({ ...row, previous: row.presence, presence: 'offline' as const }));
      await storePresence(tx, transitions);
      return transitions.length;
    });
  }
}

interface SilentQuery {
  readonly hearing: Hearing;
  readonly missedHeartbeats: number;
  readonly max: number;
}

function lockSilent(tx: EntityManager, { hearing, missedHeartbeats, max }: SilentQuery): Promise<readonly OnlineRow[]> {
  return tx.query<readonly OnlineRow[]>(
    `SELECT "entityId", "assignedId", "heartbeatIntervalS", "presence", "lastHeartbeatAt",
            date_trunc('milliseconds', clock_timestamp()) AS "at"
     FROM "orchestrators"."orchestrators"
     WHERE "presence" = 'online'
       AND greatest("lastHeartbeatAt", $1::timestamptz) <= $2::timestamptz - "heartbeatIntervalS" * make_interval(secs => $3)
     ORDER BY "lastHeartbeatAt" LIMIT $4
     FOR NO KEY UPDATE SKIP LOCKED`,
    [new Date(hearing.sinceMs), new Date(hearing.untilMs), missedHeartbeats, max],
  );
}

/** Stores transitions with their events, in the transaction that holds the rows. */
export async function storePresence(tx: EntityManager, transitions: readonly PresenceTransition[]): Promise<void> {
  if (transitions.length === 0) return;
  const rows = unnest(transitions, {
    assignedId: { type: 'text', value: (row) => row.assignedId },
    presence: { type: 'text', value: (row) => row.presence },
    at: { type: 'timestamptz', value: (row) => row.at },
  });
  await tx.query(
    `UPDATE "orchestrators"."orchestrators" t SET "presence" = r."presence", "presenceChangedAt" = r."at"
     FROM ${rows.sql} WHERE t."assignedId" = r."assignedId"`,
    [...rows.parameters],
  );
  await enqueue(tx, transitions.map(presenceEvent));
}
