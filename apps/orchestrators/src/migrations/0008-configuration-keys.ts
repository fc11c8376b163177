import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0008 implements MigrationInterface {
  readonly name = '0008-configuration-keys';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(KEYS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "orchestrators"."configuration_keys"`);
  }
}

/** Idempotency keys with which configurations were sent, and what was answered: whoever missed the answer sends it again. */
const KEYS = `
  CREATE TABLE "orchestrators"."configuration_keys" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "sentBy" text COLLATE "C" NOT NULL,
    "idempotencyKey" text COLLATE "C" NOT NULL,
    "answerJson" json NOT NULL,
    "usedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("entityId", "sentBy", "idempotencyKey"));
  CREATE INDEX "configuration_keys_usedAt_idx" ON "orchestrators"."configuration_keys" ("usedAt")`;
