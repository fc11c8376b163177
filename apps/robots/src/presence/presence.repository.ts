import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Presence } from '#libs/contracts';
import { unnest } from '#libs/database';
import { enqueue } from '../robots.outbox.js';
import { presenceEvent, presenceInSilence, type PresenceTransition, type SilenceLimits } from './presence.policy.js';

interface SilentRow {
  readonly robotId: string;
  readonly presence: Presence;
  readonly lastSeenAt: Date;
}

@Injectable()
export class PresenceRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Moves up to `max` robots that were silent for too long, with their events. Replicas share the work: each locks what
   * no other one holds.
   */
  moveSilent(limits: SilenceLimits, max: number): Promise<readonly PresenceTransition[]> {
    return this.dataSource.transaction(async (tx) => {
      const silent = await lockSilent(tx, limits, max);
      const at = new Date();
      const transitions = silent
        .map((row) => ({
          ...row,
          previous: row.presence,
          presence: presenceInSilence(row.presence, row.lastSeenAt, limits),
          at,
        }))
        .filter(({ presence, previous }) => presence !== previous);
      await storePresence(tx, transitions);
      await enqueue(tx, transitions.map(presenceEvent));
      return transitions;
    });
  }
}

function lockSilent(tx: EntityManager, limits: SilenceLimits, max: number): Promise<readonly SilentRow[]> {
  return tx.query<readonly SilentRow[]>(
    `SELECT "robotId", "presence", "lastSeenAt" FROM "robots"."robots"
     WHERE ("presence" IN ('online', 'unknown') AND "lastSeenAt" <= $1)
        OR ("presence" <> 'offline' AND "lastSeenAt" <= $2)
     ORDER BY "robotId" LIMIT $3
     FOR NO KEY UPDATE SKIP LOCKED`,
    [limits.staleBefore, limits.offlineBefore, max],
  );
}

async function storePresence(tx: EntityManager, transitions: readonly PresenceTransition[]): Promise<void> {
  if (transitions.length === 0) return;
  const rows = unnest(transitions, {
    robotId: { type: 'text', value: (row) => row.robotId },
    presence: { type: 'text', value: (row) => row.presence },
  });
  await tx.query(
    `UPDATE "robots"."robots" t SET "presence" = r."presence" FROM ${rows.sql} WHERE t."robotId" = r."robotId"`,
    [...rows.parameters],
  );
}
