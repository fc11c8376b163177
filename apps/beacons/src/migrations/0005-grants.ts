import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Beacons0005 implements MigrationInterface {
  readonly name = '0005-grants';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "beacons"."ended_grants"; ALTER TABLE "beacons"."devices" DROP COLUMN "grantId"`);
  }
}

/** A grant that ended stays until the tokens behind it are revoked. */
const GRANTS = `
  ALTER TABLE "beacons"."devices" ADD COLUMN "grantId" uuid;
  CREATE TABLE "beacons"."ended_grants" (
    "grantId" uuid PRIMARY KEY,
    "endedAt" timestamptz NOT NULL DEFAULT now());
  CREATE INDEX "ended_grants_endedAt_idx" ON "beacons"."ended_grants" ("endedAt")`;
