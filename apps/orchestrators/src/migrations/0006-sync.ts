import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The changes of one collection in their order: where it changed last, and which of its records changed after a change. */
export class Orchestrators0006 implements MigrationInterface {
  readonly name = '0006-sync';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "record_versions_collection_idx"
         ON "orchestrators"."record_versions" ("entityId", "collection", "fromSeq") INCLUDE ("recordId")`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "orchestrators"."record_versions_collection_idx"`);
  }
}
