import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createOutbox } from '#libs/outbox';

export class Beacons0001 implements MigrationInterface {
  readonly name = '0001-outbox';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createOutbox('beacons'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "beacons"."outbox"`);
  }
}
