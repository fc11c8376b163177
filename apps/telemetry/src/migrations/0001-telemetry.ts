import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The time series, by day, and the newest sample of each robot for when samples are thinned out. */
export class CreateTelemetry0001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A key over a partitioned table must hold the partition's column. receivedAt is the broker's time of storing and
    // never changes for a sampleId, so this key alone drops repeats for as long as the sample is kept.
    await runner.query(`
      CREATE TABLE "telemetry"."robot_telemetry_samples" (
        "sampleId" uuid NOT NULL,
        "robotId" text NOT NULL,
        "payloadJson" jsonb NOT NULL,
        "receivedAt" timestamptz NOT NULL,
        "sentAt" timestamptz NOT NULL,
        "messageId" text NOT NULL,
        PRIMARY KEY ("sampleId", "receivedAt")
      ) PARTITION BY RANGE ("receivedAt")`);
    await runner.query(`
      CREATE INDEX "robot_telemetry_samples_by_robot"
      ON "telemetry"."robot_telemetry_samples" ("robotId", "receivedAt", "sampleId")`);
    await runner.query(`
      COMMENT ON COLUMN "telemetry"."robot_telemetry_samples"."sampleId"
      IS 'position in ROBOT_TELEMETRY: stream epoch in ms (48 bits), version 8, sequence (62 bits)'`);
    await runner.query(`
      CREATE TABLE "telemetry"."robot_latest_samples" (
        "robotId" text PRIMARY KEY,
        "sampleId" uuid NOT NULL,
        "payloadJson" jsonb NOT NULL,
        "receivedAt" timestamptz NOT NULL
      ) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "telemetry"."robot_latest_samples", "telemetry"."robot_telemetry_samples"');
  }
}
