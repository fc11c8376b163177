import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Orchestrators0007 implements MigrationInterface {
  readonly name = '0007-departures';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(DEPARTURES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "orchestrators"."departures"`);
  }
}

/** Entities that were deleted here and that others may still know; from "toldAt" on, they may be made anew. */
const DEPARTURES = `
  CREATE TABLE "orchestrators"."departures" (
    "entityId" text COLLATE "C" PRIMARY KEY,
    "departedAt" timestamptz NOT NULL DEFAULT now(),
    "toldAt" timestamptz)`;
