import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0005 implements MigrationInterface {
  readonly name = '0005-events';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENT_ACKS);
    await runner.query(CONFIGURATIONS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "orchestrators"."configurations", "orchestrators"."event_acks"`);
  }
}

/** What an orchestrator said of an event; kept a while longer than the event itself. */
const EVENT_ACKS = `
  CREATE TABLE "orchestrators"."event_acks" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "eventId" text COLLATE "C" NOT NULL,
    "orchestratorId" text COLLATE "C" NOT NULL,
    "status" text NOT NULL,
    "error" text,
    "acknowledgedAt" timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY ("entityId", "eventId", "orchestratorId"));
  CREATE INDEX "event_acks_acknowledgedAt_idx" ON "orchestrators"."event_acks" ("acknowledgedAt")`;

/** The newest configuration of each type, with what the orchestrator said of this version. */
const CONFIGURATIONS = `
  CREATE TABLE "orchestrators"."configurations" (
    "entityId" text COLLATE "C" NOT NULL REFERENCES "orchestrators"."entities" ON DELETE CASCADE,
    "type" text COLLATE "C" NOT NULL,
    "version" integer NOT NULL,
    "configJson" json NOT NULL,
    "updatedAt" timestamptz NOT NULL,
    "updatedBy" text NOT NULL,
    "ackedBy" text,
    "ackStatus" text,
    "ackError" text,
    "ackedAt" timestamptz,
    PRIMARY KEY ("entityId", "type"))`;
