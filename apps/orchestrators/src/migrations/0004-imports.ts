import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0004 implements MigrationInterface {
  readonly name = '0004-imports';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(IMPORTS);
    await runner.query(ROWS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "orchestrators"."import_rows", "orchestrators"."imports"`);
  }
}

/** "lastBatch" is the batch that was stored last; "touchedAt" moves with each, so that a broken import can be told. */
const IMPORTS = `
  CREATE TABLE "orchestrators"."imports" (
    "importId" uuid PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "mode" text NOT NULL,
    "state" text NOT NULL DEFAULT 'running',
    "lastBatch" integer NOT NULL DEFAULT 0,
    "rows" integer NOT NULL DEFAULT 0,
    "created" integer NOT NULL DEFAULT 0,
    "updated" integer NOT NULL DEFAULT 0,
    "unchanged" integer NOT NULL DEFAULT 0,
    "failed" integer NOT NULL DEFAULT 0,
    "deleted" integer NOT NULL DEFAULT 0,
    "error" text,
    "startedBy" text NOT NULL,
    "startedAt" timestamptz NOT NULL DEFAULT now(),
    "touchedAt" timestamptz NOT NULL DEFAULT now(),
    "finishedAt" timestamptz);
  CREATE INDEX "imports_entity_idx" ON "orchestrators"."imports" ("entityId", "startedAt" DESC, "importId" DESC);
  CREATE INDEX "imports_startedAt_idx" ON "orchestrators"."imports" ("startedAt");
  CREATE INDEX "imports_running_idx" ON "orchestrators"."imports" ("touchedAt") WHERE "state" = 'running'`;

/** What became of each row; by record id it tells which records an upload had. */
const ROWS = `
  CREATE TABLE "orchestrators"."import_rows" (
    "importId" uuid NOT NULL REFERENCES "orchestrators"."imports" ON DELETE CASCADE,
    "row" integer NOT NULL,
    "collection" text COLLATE "C",
    "recordId" text COLLATE "C",
    "result" text NOT NULL,
    "error" text,
    PRIMARY KEY ("importId", "row"));
  CREATE INDEX "import_rows_record_idx" ON "orchestrators"."import_rows" ("importId", "collection", "recordId")`;
