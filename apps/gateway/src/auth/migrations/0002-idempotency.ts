import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Idempotency0002 implements MigrationInterface {
  readonly name = '0002-idempotency';

  /** `answer` is encrypted with a key that only the caller has; a row without one is a request that runs. */
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "auth"."idempotentRequests" (
        "keyHash" bytea PRIMARY KEY,
        "fingerprint" bytea NOT NULL,
        "claimId" uuid NOT NULL,
        "answer" bytea,
        "leaseUntil" timestamptz NOT NULL,
        "expiresAt" timestamptz NOT NULL);
      CREATE INDEX "idempotentRequests_expiresAt_idx" ON "auth"."idempotentRequests" ("expiresAt")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "auth"."idempotentRequests"`);
  }
}
