import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0003 implements MigrationInterface {
  readonly name = '0003-tasks';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TASKS);
    await runner.query(INDEXES);
    await runner.query(HISTORY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "orchestrators"."task_history", "orchestrators"."tasks"`);
  }
}

/**
 * An id begins with the milliseconds of its creation, so that its order is that of creation and every index on it is one
 * on time too. "creationKey" stands for caller and X-Idempotency-Key, for a day. What was sent as JSON is kept as text: no
 * query looks inside, and JSON text holds what `jsonb` cannot. "version" counts the entries of the history; "toldAt" is when
 * people were last told.
 */
const TASKS = `
  CREATE TABLE "orchestrators"."tasks" (
    "taskId" text COLLATE "C" PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "type" text NOT NULL,
    "priority" text NOT NULL,
    "status" text NOT NULL,
    "source" json,
    "destination" json,
    "payload" json NOT NULL,
    "createdBy" text COLLATE "C" NOT NULL,
    "createdAt" timestamptz NOT NULL,
    "deadlineAt" timestamptz,
    "creationKey" text UNIQUE,
    "bodyHash" text NOT NULL,
    "robotId" text COLLATE "C",
    "assignedAt" timestamptz,
    "startedAt" timestamptz,
    "finishedAt" timestamptz,
    "reportedAt" timestamptz,
    "progressPercent" float8,
    "location" json,
    "estimatedCompletionAt" timestamptz,
    "estimatedDurationS" float8,
    "path" json,
    "durationS" float8,
    "actualPath" json,
    "proof" json,
    "error" json,
    "reason" text,
    "version" integer NOT NULL DEFAULT 1,
    "toldAt" timestamptz NOT NULL,
    "updatedAt" timestamptz NOT NULL)`;

const INDEXES = `
  CREATE INDEX "tasks_entity_idx" ON "orchestrators"."tasks" ("entityId", "taskId");
  CREATE INDEX "tasks_entity_status_idx" ON "orchestrators"."tasks" ("entityId", "status", "taskId");
  CREATE INDEX "tasks_robot_idx" ON "orchestrators"."tasks" ("robotId", "taskId") WHERE "robotId" IS NOT NULL;
  CREATE INDEX "tasks_author_idx" ON "orchestrators"."tasks" ("createdBy", "taskId");
  CREATE INDEX "tasks_open_idx" ON "orchestrators"."tasks" ("status", "taskId")
    WHERE "status" IN ('queued', 'assigned', 'in_progress');
  CREATE INDEX "tasks_deadline_idx" ON "orchestrators"."tasks" ("deadlineAt")
    WHERE "status" = 'queued' AND "deadlineAt" IS NOT NULL;
  CREATE INDEX "tasks_key_age_idx" ON "orchestrators"."tasks" ("taskId") WHERE "creationKey" IS NOT NULL`;

/** One entry per report or decision, numbered by the task's version. "dedupeKey" is a hash of what was said. */
const HISTORY = `
  CREATE TABLE "orchestrators"."task_history" (
    "taskId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."tasks" ON DELETE CASCADE,
    "ordinal" integer NOT NULL,
    "dedupeKey" text NOT NULL,
    "at" timestamptz NOT NULL,
    "kind" text NOT NULL,
    "by" text NOT NULL,
    "detail" json NOT NULL,
    PRIMARY KEY ("taskId", "ordinal"),
    UNIQUE ("taskId", "dedupeKey"))`;
