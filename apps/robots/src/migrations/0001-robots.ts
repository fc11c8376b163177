import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createOutbox } from '#libs/outbox';

export class Robots0001 implements MigrationInterface {
  readonly name = '0001-robots';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ROBOTS);
    await runner.query(SNAPSHOTS);
    await runner.query(LATEST);
    await runner.query(OUTBOX_AND_CREDENTIALS);
    await runner.query(TEXT_SEARCH);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "robots"."device_credentials", "robots"."outbox", "robots"."desired_settings",
                  "robots"."reported_settings", "robots"."robot_status", "robots"."robot_capability_snapshots",
                  "robots"."robot_identity_snapshots", "robots"."robots"`,
    );
  }
}

/**
 * A position is "…EpochMs" (when the stream was made) and "…Sequence", compared in that order. Beside the documents'
 * columns a robot's row holds what the fleet list and the requests for identity and capability need of the newest
 * snapshots. Free space per page keeps an update of "lastSeenAt" off the indexes.
 */
const ROBOTS = `
  CREATE TABLE "robots"."robots" (
    "robotId" text COLLATE "C" PRIMARY KEY,
    "displayName" text NOT NULL,
    "isEnabled" boolean NOT NULL DEFAULT true,
    "tagsJson" jsonb,
    "notes" text,
    "mapId" text,
    "homeStationId" text,
    "presence" text NOT NULL DEFAULT 'unknown' CHECK ("presence" IN ('unknown', 'online', 'stale', 'offline')),
    "lastSeenAt" timestamptz,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    "nameKey" text NOT NULL,
    "identityKey" text NOT NULL DEFAULT '',
    "backOnlineAt" timestamptz,
    "model" text,
    "vendor" text,
    "firmwareVersion" text,
    "serialNumber" text,
    "identitySnapshotId" uuid,
    "identityReceivedAt" timestamptz,
    "identityEpochMs" bigint,
    "identitySequence" bigint,
    "identityRequestedAt" timestamptz,
    "identityRequests" int NOT NULL DEFAULT 0,
    "capabilitySnapshotId" uuid,
    "capabilityReceivedAt" timestamptz,
    "capabilityEpochMs" bigint,
    "capabilitySequence" bigint,
    "capabilityFirmwareVersion" text,
    "capabilityRequestedAt" timestamptz,
    "capabilityRequests" int NOT NULL DEFAULT 0
  ) WITH (fillfactor = 60);
  CREATE INDEX "robots_tagsJson_idx" ON "robots"."robots" USING gin ("tagsJson" jsonb_path_ops);
  CREATE INDEX "robots_presence_idx" ON "robots"."robots" ("presence", "robotId")`;

const SNAPSHOTS = `
  CREATE TABLE "robots"."robot_identity_snapshots" (
    "snapshotId" uuid PRIMARY KEY,
    "robotId" text COLLATE "C" NOT NULL REFERENCES "robots"."robots",
    "firmwareVersion" text,
    "model" text,
    "vendor" text,
    "serialNumber" text,
    "payloadJson" jsonb NOT NULL,
    "receivedAt" timestamptz NOT NULL,
    "messageId" text NOT NULL,
    "contentHash" text NOT NULL,
    "streamEpochMs" bigint NOT NULL,
    "streamSequence" bigint NOT NULL,
    UNIQUE ("robotId", "messageId"),
    UNIQUE ("streamEpochMs", "streamSequence"));
  CREATE INDEX "robot_identity_snapshots_newest_idx"
    ON "robots"."robot_identity_snapshots" ("robotId", "streamEpochMs" DESC, "streamSequence" DESC);

  CREATE TABLE "robots"."robot_capability_snapshots" (
    "snapshotId" uuid PRIMARY KEY,
    "robotId" text COLLATE "C" NOT NULL REFERENCES "robots"."robots",
    "firmwareVersion" text,
    "payloadJson" jsonb NOT NULL,
    "receivedAt" timestamptz NOT NULL,
    "messageId" text NOT NULL,
    "contentHash" text NOT NULL,
    "streamEpochMs" bigint NOT NULL,
    "streamSequence" bigint NOT NULL,
    UNIQUE ("robotId", "messageId"),
    UNIQUE ("streamEpochMs", "streamSequence"));
  CREATE INDEX "robot_capability_snapshots_newest_idx"
    ON "robots"."robot_capability_snapshots" ("robotId", "streamEpochMs" DESC, "streamSequence" DESC)`;

const LATEST = `
  CREATE TABLE "robots"."robot_status" (
    "robotId" text COLLATE "C" PRIMARY KEY REFERENCES "robots"."robots",
    "payloadJson" jsonb NOT NULL,
    "receivedAt" timestamptz NOT NULL,
    "streamEpochMs" bigint NOT NULL,
    "streamSequence" bigint NOT NULL
  ) WITH (fillfactor = 60);

  CREATE TABLE "robots"."reported_settings" (
    "robotId" text COLLATE "C" PRIMARY KEY REFERENCES "robots"."robots",
    "payloadJson" jsonb NOT NULL,
    "receivedAt" timestamptz NOT NULL,
    "streamEpochMs" bigint NOT NULL,
    "streamSequence" bigint NOT NULL);

  CREATE TABLE "robots"."desired_settings" (
    "robotId" text COLLATE "C" PRIMARY KEY REFERENCES "robots"."robots",
    "version" int NOT NULL,
    "payloadJson" jsonb NOT NULL,
    "requestedBy" text NOT NULL,
    "requestedAt" timestamptz NOT NULL)`;

const OUTBOX_AND_CREDENTIALS = `
  ${createOutbox('robots')};

  CREATE TABLE "robots"."device_credentials" (
    "userId" text PRIMARY KEY,
    "robotId" text COLLATE "C" NOT NULL REFERENCES "robots"."robots",
    "issuedAt" timestamptz NOT NULL DEFAULT now(),
    "issuedBy" text NOT NULL,
    "revokedAt" timestamptz,
    "revokedBy" text,
    "pushedAt" timestamptz);
  CREATE INDEX "device_credentials_robotId_idx" ON "robots"."device_credentials" ("robotId")`;

/** Trigrams make "contains" quick in large fleets; a server that does not offer them reads the rows instead. */
const TEXT_SEARCH = `
  DO $$
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX "robots_nameKey_idx" ON "robots"."robots" USING gin ("nameKey" gin_trgm_ops);
    CREATE INDEX "robots_identityKey_idx" ON "robots"."robots" USING gin ("identityKey" gin_trgm_ops);
  EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE NOTICE 'pg_trgm is not available: text search reads every row';
  END $$`;
