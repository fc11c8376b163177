import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The changes of one collection in their order: where it changed last, and which of its records changed after a change. And
 * the key under which an entity's cursors are sealed: one that is made anew does not know those of its predecessor.
 */
export class Orchestrators0006 implements MigrationInterface {
  readonly name = '0006-sync';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE "orchestrators"."entities"
         ADD COLUMN "cursorKey" bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
       CREATE INDEX "record_versions_collection_idx"
         ON "orchestrators"."record_versions" ("entityId", "collection", "fromSeq") INCLUDE ("recordId")`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP INDEX "orchestrators"."record_versions_collection_idx";
       ALTER TABLE "orchestrators"."entities" DROP COLUMN "cursorKey"`,
    );
  }
}
