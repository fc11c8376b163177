import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0002 implements MigrationInterface {
  readonly name = '0002-registration';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ORCHESTRATORS);
    await runner.query(PROOFS);
    await runner.query(COMMANDS);
    await runner.query(LISTENING);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "orchestrators"."listening", "orchestrators"."orchestrator_commands",
                  "orchestrators"."registration_keys", "orchestrators"."accepted_signatures",
                  "orchestrators"."orchestrators"`,
    );
  }
}

/**
 * One row per pair of entity and requested id, which keeps its assigned id for ever. A grant lives from the first registration
 * until a reset, over every token of it. "lastHeartbeatAt" counts every heartbeat, also one that came too early;
 * "acceptedHeartbeatAt" those that were taken. "staleSince" is the beginning of a silence so long that
 * a full sync must follow, until that is done or an event stream has told it.
 */
const ORCHESTRATORS = `
  CREATE TABLE "orchestrators"."orchestrators" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "orchestratorId" text COLLATE "C" NOT NULL,
    "assignedId" text COLLATE "C" NOT NULL CONSTRAINT "orchestrators_assignedId_key" UNIQUE,
    "version" text NOT NULL,
    "capabilities" text[] NOT NULL,
    "localAddress" text NOT NULL,
    "heartbeatIntervalS" integer NOT NULL,
    "publicKeyPem" text,
    "keyFingerprint" text,
    "grantId" uuid NOT NULL,
    "grantEndedAt" timestamptz,
    "registeredAt" timestamptz NOT NULL DEFAULT now(),
    "tokenExpiresAt" timestamptz NOT NULL,
    "syncedAt" timestamptz,
    "presence" text NOT NULL DEFAULT 'unknown',
    "presenceChangedAt" timestamptz,
    "lastHeartbeatAt" timestamptz,
    "acceptedHeartbeatAt" timestamptz,
    "heartbeatJson" jsonb,
    "deliveredAt" timestamptz,
    "deliveredEventId" text,
    "staleSince" timestamptz,
    PRIMARY KEY ("entityId", "orchestratorId"));
  CREATE UNIQUE INDEX "orchestrators_active_key" ON "orchestrators"."orchestrators" ("entityId")
    WHERE "grantEndedAt" IS NULL;
  CREATE INDEX "orchestrators_online_idx" ON "orchestrators"."orchestrators" ("lastHeartbeatAt")
    WHERE "presence" = 'online'`;

/**
 * What was accepted is not accepted again. "forgetAt" is null for a signature without a timestamp: it would be good for ever,
 * so it is remembered for ever, also beyond its entity's deletion. There is one per successful registration.
 */
const PROOFS = `
  CREATE TABLE "orchestrators"."accepted_signatures" (
    "digest" bytea PRIMARY KEY,
    "forgetAt" timestamptz);
  CREATE INDEX "accepted_signatures_forgetAt_idx" ON "orchestrators"."accepted_signatures" ("forgetAt");

  CREATE TABLE "orchestrators"."registration_keys" (
    "entityId" text COLLATE "C" NOT NULL,
    "orchestratorId" text COLLATE "C" NOT NULL,
    "idempotencyKey" text COLLATE "C" NOT NULL,
    "bodyDigest" bytea NOT NULL,
    "grantId" uuid NOT NULL,
    "usedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("entityId", "orchestratorId", "idempotencyKey"));
  CREATE INDEX "registration_keys_usedAt_idx" ON "orchestrators"."registration_keys" ("usedAt")`;

/** What waits for heartbeats to hand it out. */
const COMMANDS = `
  CREATE TABLE "orchestrators"."orchestrator_commands" (
    "commandId" uuid PRIMARY KEY,
    "assignedId" text COLLATE "C" NOT NULL
      REFERENCES "orchestrators"."orchestrators" ("assignedId") ON DELETE CASCADE,
    "sequence" bigint GENERATED ALWAYS AS IDENTITY,
    "type" text NOT NULL,
    "bodyJson" jsonb NOT NULL,
    "handouts" integer NOT NULL DEFAULT 0,
    "createdAt" timestamptz NOT NULL DEFAULT now());
  CREATE INDEX "orchestrator_commands_assignedId_idx"
    ON "orchestrators"."orchestrator_commands" ("assignedId", "sequence")`;

/** One row: since when, and until when, heartbeats could be heard without a break. */
const LISTENING = `
  CREATE TABLE "orchestrators"."listening" (
    "isOnly" boolean PRIMARY KEY DEFAULT true CHECK ("isOnly"),
    "since" timestamptz NOT NULL,
    "until" timestamptz NOT NULL)`;
