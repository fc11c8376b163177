import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RobotTokens0004 implements MigrationInterface {
  readonly name = '0004-robot-tokens';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "auth"."robotTokens" (
        "sessionId" uuid PRIMARY KEY,
        "robotId" text NOT NULL,
        "entityId" text,
        "issuedBy" text NOT NULL,
        "issuedAt" timestamptz NOT NULL DEFAULT now(),
        "expiresAt" timestamptz NOT NULL);
      CREATE INDEX "robotTokens_robotId_idx" ON "auth"."robotTokens" ("robotId")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "auth"."robotTokens"`);
  }
}
