import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createOutbox } from '#libs/outbox';

export class Orchestrators0001 implements MigrationInterface {
  readonly name = '0001-entities';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createOutbox('orchestrators'));
    await runner.query(ENTITIES);
    await runner.query(RECORDS);
    await runner.query(ANNOUNCEMENTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "orchestrators"."announcements", "orchestrators"."sums", "orchestrators"."record_versions", "orchestrators"."entities",
                  "orchestrators"."outbox"`,
    );
  }
}

/**
 * "changeSeq" counts the changes of an entity's records; whoever changes records holds the entity's row, so the numbers
 * of committed changes have no gap and the instants of "changedAt" rise with them. "expiredSeq" is the highest change whose
 * history is no longer kept.
 */
const ENTITIES = `
  CREATE TABLE "orchestrators"."entities" (
    "entityId" text COLLATE "C" PRIMARY KEY,
    "name" text NOT NULL,
    "dataJson" jsonb NOT NULL DEFAULT '{}',
    "changeSeq" bigint NOT NULL DEFAULT 0,
    "changedAt" timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    "expiredSeq" bigint NOT NULL DEFAULT 0,
    "expiredAt" timestamptz,
    "enrolmentSecretHash" text,
    "enrolmentKeyPem" text,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now())`;

/**
 * One row per state that a record had: valid from "fromSeq" until before "toSeq", which is null for the present one. A
 * deletion is a version without data. So one table is the present, the changes in their order, the tombstones, and the state
 * at any change whose history is kept. "checksum" is of the data as it is sent. "sums" keeps what was summed: the state of a
 * collection at its last change.
 */
const RECORDS = `
  CREATE TABLE "orchestrators"."record_versions" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "collection" text COLLATE "C" NOT NULL,
    "recordId" text COLLATE "C" NOT NULL,
    "fromSeq" bigint NOT NULL,
    "toSeq" bigint,
    "operation" text NOT NULL,
    "dataJson" json,
    "checksum" bytea,
    "changedAt" timestamptz NOT NULL,
    PRIMARY KEY ("entityId", "fromSeq"));
  CREATE UNIQUE INDEX "record_versions_present_key"
    ON "orchestrators"."record_versions" ("entityId", "collection", "recordId") INCLUDE ("checksum", "operation")
    WHERE "toSeq" IS NULL;
  CREATE INDEX "record_versions_history_idx"
    ON "orchestrators"."record_versions" ("entityId", "collection", "recordId", "fromSeq");
  CREATE INDEX "record_versions_changedAt_idx"
    ON "orchestrators"."record_versions" ("entityId", "changedAt");
  CREATE INDEX "record_versions_past_idx"
    ON "orchestrators"."record_versions" ("entityId", "toSeq") WHERE "toSeq" IS NOT NULL;
  CREATE INDEX "record_versions_tombstones_idx"
    ON "orchestrators"."record_versions" ("entityId", "fromSeq") WHERE "toSeq" IS NULL AND "operation" = 'delete';

  CREATE TABLE "orchestrators"."sums" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "collection" text COLLATE "C" NOT NULL,
    "seq" bigint NOT NULL,
    "sum" bytea NOT NULL,
    "records" integer NOT NULL,
    "usedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("entityId", "collection", "seq"))`;

/**
 * What a committed transaction changed and nobody was told yet: one row for each, with the number of its last change. The
 * checksum that the message carries takes longer than a writer should hold an entity, so it is computed afterwards.
 */
const ANNOUNCEMENTS = `
  CREATE TABLE "orchestrators"."announcements" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "seq" bigint NOT NULL,
    "changedAt" timestamptz NOT NULL,
    "changesJson" json NOT NULL,
    PRIMARY KEY ("entityId", "seq"))`;
