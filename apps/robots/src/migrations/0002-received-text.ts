import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['robot_identity_snapshots', 'robot_capability_snapshots', 'reported_settings'] as const;

/**
 * jsonb sorts members and drops what is written twice. Beside "payloadJson", which is there to be searched, "receivedJson"
 * is the text as the robot wrote it (ROB-002), and what is answered.
 */
export class Robots0002 implements MigrationInterface {
  readonly name = '0002-received-text';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await runner.query(`ALTER TABLE "robots"."${table}" ADD COLUMN "receivedJson" json`);
      await runner.query(`UPDATE "robots"."${table}" SET "receivedJson" = "payloadJson"::json`);
      await runner.query(`ALTER TABLE "robots"."${table}" ALTER COLUMN "receivedJson" SET NOT NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`ALTER TABLE "robots"."${table}" DROP COLUMN "receivedJson"`);
  }
}
