import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Commands0001 implements MigrationInterface {
  readonly name = '0001-commands';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(BATCHES);
    await runner.query(LOG);
    await runner.query(TIMELINE);
    await runner.query(IDEMPOTENCY_KEYS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "commands"."idempotency_keys", "commands"."command_timeline", "commands"."robot_command_log",
                  "commands"."command_batches"`,
    );
  }
}

const BATCHES = `
  CREATE TABLE "commands"."command_batches" (
    "batchId" uuid PRIMARY KEY,
    "commandType" text NOT NULL,
    "requestedBy" text NOT NULL,
    "requestedAt" timestamptz NOT NULL,
    "total" int4 NOT NULL,
    "refusals" jsonb NOT NULL)`;

/** "dueAt" is when the sweeper must look next, early but never late; NULL when nothing is left to do. */
const LOG = `
  CREATE TABLE "commands"."robot_command_log" (
    "commandId" uuid PRIMARY KEY,
    "robotId" text NOT NULL,
    "commandType" text NOT NULL,
    "payloadJson" jsonb NOT NULL,
    "requestedByUserId" uuid,
    "requestedAt" timestamptz NOT NULL,
    "lastAckAt" timestamptz,
    "status" text NOT NULL
      CHECK ("status" IN ('REQUESTED', 'ACKED', 'COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED')),
    "requestedBy" text NOT NULL,
    "expiresAt" timestamptz NOT NULL,
    "timeoutMs" int8 NOT NULL,
    "responseTimeoutMs" int8 NOT NULL,
    "maxRetries" int4 NOT NULL,
    "retryDelayMs" int8 NOT NULL,
    "attempts" int4 NOT NULL DEFAULT 0,
    "publishedSequence" int8,
    "lastSentAt" timestamptz,
    "dueAt" timestamptz,
    "deadlineAt" timestamptz NOT NULL,
    "ackEpochMs" int8,
    "ackSequence" int8,
    "reason" text,
    "progress" float8,
    "result" jsonb,
    "error" jsonb,
    "completedAt" timestamptz,
    "batchId" uuid,
    "version" int4 NOT NULL DEFAULT 0)
  WITH (fillfactor = 80);
  CREATE INDEX "robot_command_log_robot_idx"
    ON "commands"."robot_command_log" ("robotId", "requestedAt" DESC, "commandId" DESC);
  CREATE INDEX "robot_command_log_due_idx"
    ON "commands"."robot_command_log" ("dueAt") WHERE "dueAt" IS NOT NULL;
  CREATE INDEX "robot_command_log_batch_idx"
    ON "commands"."robot_command_log" ("batchId") WHERE "batchId" IS NOT NULL`;

/** The key is what happened, so that the same thing told twice is one entry; "ordinal" is the order of recording. */
const TIMELINE = `
  CREATE TABLE "commands"."command_timeline" (
    "commandId" uuid NOT NULL,
    "dedupeKey" text NOT NULL,
    "ordinal" int8 GENERATED ALWAYS AS IDENTITY,
    "at" timestamptz NOT NULL,
    "kind" text NOT NULL,
    "by" text NOT NULL,
    "detail" jsonb,
    PRIMARY KEY ("commandId", "dedupeKey"))`;

const IDEMPOTENCY_KEYS = `
  CREATE TABLE "commands"."idempotency_keys" (
    "principal" text NOT NULL,
    "key" text NOT NULL,
    "bodyHash" text NOT NULL,
    "commandId" uuid,
    "batchId" uuid,
    "createdAt" timestamptz NOT NULL,
    PRIMARY KEY ("principal", "key"),
    CHECK (("commandId" IS NULL) <> ("batchId" IS NULL)));
  CREATE INDEX "idempotency_keys_createdAt_idx" ON "commands"."idempotency_keys" ("createdAt")`;
