import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Beacons0004 implements MigrationInterface {
  readonly name = '0004-rollouts';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ROLLOUTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "beacons"."rollout_events", "beacons"."rollout_devices", "beacons"."rollouts"`);
  }
}

/**
 * "preparedUpTo" is how far the devices have been counted in. "order" spreads the devices of a rollout evenly; a group is a
 * stretch of it, and "lastOrders" has each group's end. Groups count from 0; a device whose rollout is still being prepared
 * has none.
 */
const ROLLOUTS = `
  CREATE TABLE "beacons"."rollouts" (
    "rolloutId" text COLLATE "C" PRIMARY KEY,
    "firmwareId" text COLLATE "C" NOT NULL,
    "requestKey" text CONSTRAINT "rollouts_requestKey_key" UNIQUE,
    "status" text NOT NULL,
    "reason" text,
    "planJson" jsonb NOT NULL,
    "entityIds" text[],
    "activeGroup" integer NOT NULL DEFAULT 0,
    "gateHeldSince" timestamptz,
    "forgivenFailures" integer NOT NULL DEFAULT 0,
    "lastOrders" text[],
    "preparedUpTo" jsonb,
    "createdBy" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    "finishedAt" timestamptz);
  CREATE INDEX "rollouts_firmwareId_idx" ON "beacons"."rollouts" ("firmwareId", "createdAt" DESC);
  CREATE INDEX "rollouts_createdAt_idx" ON "beacons"."rollouts" ("createdAt" DESC, "rolloutId" DESC);
  CREATE INDEX "rollouts_busy_idx" ON "beacons"."rollouts" ("rolloutId")
    WHERE "status" IN ('preparing', 'running', 'rolling_back');

  CREATE TABLE "beacons"."rollout_devices" (
    "rolloutId" text COLLATE "C" NOT NULL REFERENCES "beacons"."rollouts" ON DELETE CASCADE,
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "order" text COLLATE "C" NOT NULL,
    "group" integer,
    "state" text NOT NULL DEFAULT 'waiting',
    "attempts" integer NOT NULL DEFAULT 0,
    "phase" integer NOT NULL DEFAULT 0,
    "notBefore" timestamptz,
    "dueAt" timestamptz,
    "error" text,
    "previousVersion" text,
    "revertedAt" timestamptz,
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("rolloutId", "entityId", "beaconId"));
  CREATE INDEX "rollout_devices_group_idx" ON "beacons"."rollout_devices" ("rolloutId", "group", "state");
  CREATE INDEX "rollout_devices_order_idx" ON "beacons"."rollout_devices" ("rolloutId", "order");
  CREATE INDEX "rollout_devices_due_idx" ON "beacons"."rollout_devices" ("rolloutId", "dueAt")
    WHERE "state" IN ('waiting', 'offered', 'updating');

  CREATE TABLE "beacons"."rollout_events" (
    "rolloutId" text COLLATE "C" NOT NULL REFERENCES "beacons"."rollouts" ON DELETE CASCADE,
    "at" timestamptz NOT NULL DEFAULT clock_timestamp(),
    "eventId" bigint GENERATED ALWAYS AS IDENTITY,
    "kind" text NOT NULL,
    "by" text NOT NULL,
    "detailJson" jsonb,
    PRIMARY KEY ("rolloutId", "eventId"))`;
