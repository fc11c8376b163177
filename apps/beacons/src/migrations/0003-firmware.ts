import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Beacons0003 implements MigrationInterface {
  readonly name = '0003-firmware';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RELEASES);
    await runner.query(CACHES);
    await runner.query(REPORTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "beacons"."firmware_reports", "beacons"."firmware_attempts", "beacons"."firmware_caches",
                  "beacons"."firmware_announcements", "beacons"."firmware", "beacons"."firmware_keys"`,
    );
  }
}

/**
 * The file is the object "objectName" of the object store; an object that no row names is swept. "dataJson" has what people
 * say about a release. A line (target, device type, channel) has a version once. An announcement is under way until "doneAt";
 * "position" is the cursor of the page of entities that is told next.
 */
const RELEASES = `
  CREATE TABLE "beacons"."firmware_keys" (
    "keyId" text COLLATE "C" PRIMARY KEY,
    "privateKeyPem" text NOT NULL,
    "publicKeyPem" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "retiredAt" timestamptz);

  CREATE TABLE "beacons"."firmware" (
    "firmwareId" text COLLATE "C" PRIMARY KEY,
    "target" text COLLATE "C" NOT NULL,
    "deviceType" text COLLATE "C" NOT NULL,
    "channel" text COLLATE "C" NOT NULL,
    "version" text COLLATE "C" NOT NULL,
    "compatibleHardware" text[] NOT NULL,
    "minPreviousVersion" text,
    "strategy" text NOT NULL,
    "priority" text NOT NULL,
    "dataJson" jsonb NOT NULL,
    "objectName" text COLLATE "C" NOT NULL,
    "sizeBytes" bigint NOT NULL,
    "checksum" text COLLATE "C" NOT NULL,
    "signature" text NOT NULL,
    "keyId" text COLLATE "C" NOT NULL REFERENCES "beacons"."firmware_keys",
    "rolloutId" text COLLATE "C",
    "publishedBy" text NOT NULL,
    "releasedAt" timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    "withdrawnAt" timestamptz,
    "withdrawnBy" text,
    CONSTRAINT "firmware_version_key" UNIQUE ("target", "deviceType", "channel", "version"));
  CREATE INDEX "firmware_releasedAt_idx" ON "beacons"."firmware" ("releasedAt" DESC, "firmwareId" DESC);
  CREATE INDEX "firmware_objectName_idx" ON "beacons"."firmware" ("objectName");

  CREATE TABLE "beacons"."firmware_announcements" (
    "firmwareId" text COLLATE "C" PRIMARY KEY REFERENCES "beacons"."firmware" ON DELETE CASCADE,
    "publicUrl" text NOT NULL,
    "position" text,
    "announcedTo" integer NOT NULL DEFAULT 0,
    "createdAt" timestamptz NOT NULL DEFAULT clock_timestamp(),
    "doneAt" timestamptz);
  CREATE INDEX "firmware_announcements_open_idx" ON "beacons"."firmware_announcements" ("createdAt")
    WHERE "doneAt" IS NULL`;

/** Files that orchestrators brought along and the platform does not know: each for its entity alone (decision C29). */
const CACHES = `
  CREATE TABLE "beacons"."firmware_caches" (
    "entityId" text COLLATE "C" NOT NULL,
    "firmwareId" text COLLATE "C" NOT NULL,
    "target" text COLLATE "C" NOT NULL,
    "objectName" text COLLATE "C" NOT NULL,
    "sizeBytes" bigint NOT NULL,
    "checksum" text COLLATE "C" NOT NULL,
    "cachedBy" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "expiresAt" timestamptz NOT NULL,
    PRIMARY KEY ("entityId", "firmwareId"));
  CREATE INDEX "firmware_caches_firmwareId_idx" ON "beacons"."firmware_caches" ("firmwareId", "createdAt" DESC);
  CREATE INDEX "firmware_caches_objectName_idx" ON "beacons"."firmware_caches" ("objectName");
  CREATE INDEX "firmware_caches_expiresAt_idx" ON "beacons"."firmware_caches" ("expiresAt")`;

/**
 * An attempt is one try of a beacon to take a firmware: where its update stands. Reports are its history; one that is
 * repeated has the same status and instant, and is kept once.
 */
const REPORTS = `
  CREATE TABLE "beacons"."firmware_attempts" (
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "firmwareId" text COLLATE "C" NOT NULL,
    "attempt" integer NOT NULL,
    "status" text NOT NULL,
    "reportedAt" timestamptz NOT NULL,
    "previousVersion" text,
    PRIMARY KEY ("entityId", "beaconId", "firmwareId"));

  CREATE TABLE "beacons"."firmware_reports" (
    "reportId" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "firmwareId" text COLLATE "C" NOT NULL,
    "attempt" integer NOT NULL,
    "status" text NOT NULL,
    "applied" boolean NOT NULL,
    "rolloutId" text,
    "previousVersion" text,
    "newVersion" text,
    "reportedAt" timestamptz NOT NULL,
    "durationSeconds" double precision,
    "error" text,
    "errorMessage" text,
    "receivedAt" timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
    CONSTRAINT "firmware_reports_once_key" UNIQUE ("entityId", "beaconId", "firmwareId", "reportedAt", "status"));
  CREATE INDEX "firmware_reports_firmwareId_idx" ON "beacons"."firmware_reports" ("firmwareId", "reportId" DESC);
  CREATE INDEX "firmware_reports_receivedAt_idx" ON "beacons"."firmware_reports" ("receivedAt")`;
