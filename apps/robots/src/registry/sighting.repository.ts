import type { EntityManager } from 'typeorm';
import type { Presence } from '#libs/contracts';
import { unnest } from '#libs/database';
import type { PresenceTransition } from '../presence/presence.policy.js';

/** A robot spoke; `at` is the broker's clock. */
export interface Sighting {
  readonly robotId: string;
  readonly at: Date;
}

/** Makes rows for robots that have none; answers the ids of the new ones. */
export async function registerRobots(tx: EntityManager, robotIds: readonly string[]): Promise<readonly string[]> {
  const rows = unnest(robotIds, { robotId: { type: 'text', value: (robotId) => robotId } });
  const added = await tx.query<readonly { robotId: string }[]>(
    `INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey")
     SELECT r."robotId", r."robotId", lower(r."robotId") || E'\\n' || lower(r."robotId") FROM ${rows.sql}
     WHERE NOT EXISTS (SELECT 1 FROM "robots"."robots" k WHERE k."robotId" = r."robotId")
     ORDER BY r."robotId"
     ON CONFLICT DO NOTHING
     RETURNING "robotId"`,
    [...rows.parameters],
  );
  return added.map(({ robotId }) => robotId);
}

interface TouchedRow {
  readonly robotId: string;
  readonly presence: Presence;
  readonly previous: Presence;
  readonly lastSeenAt: Date;
}

/**
 * Moves "lastSeenAt" forward, never back; who spoke after `onlineAfter` is online. Answers whose presence changed.
 * Rows are locked in the order of their ids, so that batches of several replicas never wait for each other in a circle.
 */
export async function touchRobots(
  tx: EntityManager,
  sightings: readonly Sighting[],
  onlineAfter: Date,
): Promise<readonly PresenceTransition[]> {
  const rows = unnest(
    sightings,
    {
      robotId: { type: 'text', value: (sighting) => sighting.robotId },
      at: { type: 'timestamptz', value: (sighting) => sighting.at },
    },
    2,
  );
  const changed = await tx.query<readonly TouchedRow[]>(
    `WITH r AS MATERIALIZED (SELECT * FROM ${rows.sql}),
     before AS MATERIALIZED (
       SELECT b."robotId", b."presence" FROM "robots"."robots" b JOIN r USING ("robotId")
       WHERE b."lastSeenAt" IS NULL OR b."lastSeenAt" < r."at"
       ORDER BY b."robotId" FOR NO KEY UPDATE OF b),
     touched AS (
       UPDATE "robots"."robots" t SET
         "lastSeenAt" = GREATEST(t."lastSeenAt", r."at"),
         "presence" = CASE WHEN r."at" > $1 THEN 'online' ELSE t."presence" END,
         "backOnlineAt" = CASE WHEN ${CAME_BACK} THEN r."at" ELSE t."backOnlineAt" END,
         "identityRequests" = CASE WHEN ${CAME_BACK} THEN LEAST(t."identityRequests", 1) ELSE t."identityRequests" END,
         "capabilityRequests" = CASE WHEN ${CAME_BACK} THEN LEAST(t."capabilityRequests", 1) ELSE t."capabilityRequests" END
       FROM r JOIN before ON before."robotId" = r."robotId"
       WHERE t."robotId" = r."robotId"
       RETURNING t."robotId", t."presence", before."presence" AS "previous", t."lastSeenAt")
     SELECT * FROM touched WHERE "presence" <> "previous" ORDER BY "robotId"`,
    [onlineAfter, ...rows.parameters],
  );
  const at = new Date();
  return changed.map((row) => ({ ...row, at }));
}

const CAME_BACK = `t."presence" = 'offline' AND r."at" > $1`;
