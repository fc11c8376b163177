import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Beacons0002 implements MigrationInterface {
  readonly name = '0002-devices';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(DEVICES);
    await runner.query(ACCESS_LOGS);
    await runner.query(CHALLENGES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE "beacons"."used_nonces", "beacons"."unlock_instances", "beacons"."platform_keys",
                  "beacons"."access_log_requests", "beacons"."access_log_batches", "beacons"."access_logs",
                  "beacons"."hearing", "beacons"."device_commands", "beacons"."devices"`,
    );
    await runner.query(`DROP SEQUENCE "beacons"."access_logs_logId_seq"`);
  }
}

/**
 * "publicKey" is pinned; another key that the device came back with waits in "pendingKey" until somebody approves it.
 * "reportedAt" is the beacon's clock and orders its heartbeats, "lastSeenAt" is ours. Free space per page keeps a heartbeat
 * off the indexes. "hearing" says since when, and until when, heartbeats could be heard without a break.
 */
const DEVICES = `
  CREATE TABLE "beacons"."devices" (
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "deviceId" text COLLATE "C" NOT NULL,
    "deviceType" text NOT NULL,
    "capabilities" text[] NOT NULL DEFAULT '{}',
    "publicKey" text NOT NULL,
    "pendingKey" text,
    "approved" boolean NOT NULL,
    "approvedBy" text,
    "approvedAt" timestamptz,
    "firmwareVersion" text COLLATE "C",
    "hardwareRevision" text COLLATE "C",
    "locationJson" json,
    "registeredAt" timestamptz,
    "presence" text NOT NULL DEFAULT 'unknown' CHECK ("presence" IN ('unknown', 'online', 'offline')),
    "status" text,
    "uptimeSeconds" float8,
    "batteryPercent" float8,
    "metricsJson" json NOT NULL DEFAULT '{}',
    "reportedAt" timestamptz,
    "lastSeenAt" timestamptz,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "updatedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("entityId", "beaconId"),
    CONSTRAINT "devices_deviceId_key" UNIQUE ("entityId", "deviceId")
  ) WITH (fillfactor = 60);
  CREATE INDEX "devices_online_idx" ON "beacons"."devices" ("presence", "entityId", "beaconId");

  CREATE TABLE "beacons"."device_commands" (
    "commandId" uuid PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "position" bigint GENERATED ALWAYS AS IDENTITY,
    "commandJson" json NOT NULL,
    "queuedBy" text NOT NULL,
    "queuedAt" timestamptz NOT NULL DEFAULT now(),
    "expiresAt" timestamptz NOT NULL,
    "sentAt" timestamptz,
    "carriedBy" timestamptz,
    "confirmedAt" timestamptz,
    FOREIGN KEY ("entityId", "beaconId") REFERENCES "beacons"."devices" ON DELETE CASCADE);
  CREATE INDEX "device_commands_waiting_idx" ON "beacons"."device_commands" ("entityId", "beaconId", "position")
    WHERE "confirmedAt" IS NULL;
  CREATE INDEX "device_commands_expiresAt_idx" ON "beacons"."device_commands" ("expiresAt");

  CREATE TABLE "beacons"."hearing" (
    "id" boolean PRIMARY KEY DEFAULT true CHECK ("id"),
    "since" timestamptz NOT NULL,
    "until" timestamptz NOT NULL)`;

/**
 * Logs are cut by months of the beacon's clock. An unknown user, device or method is '', so that the key tells repeats
 * apart; where logs rest encrypted, "userId" and "deviceId" are pseudonyms and "sealed" holds both.
 */
const ACCESS_LOGS = `
  CREATE SEQUENCE "beacons"."access_logs_logId_seq" CACHE 50;
  CREATE TABLE "beacons"."access_logs" (
    "logId" bigint NOT NULL DEFAULT nextval('"beacons"."access_logs_logId_seq"'),
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "loggedAt" timestamptz NOT NULL,
    "userId" text COLLATE "C" NOT NULL,
    "deviceId" text COLLATE "C" NOT NULL,
    "result" text COLLATE "C" NOT NULL,
    "method" text COLLATE "C" NOT NULL,
    "error" text,
    "durationMs" float8,
    "batchId" text COLLATE "C" NOT NULL,
    "sealed" text,
    "receivedAt" timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "access_logs_key" UNIQUE ("entityId", "beaconId", "loggedAt", "userId", "deviceId", "result", "method")
  ) PARTITION BY RANGE ("loggedAt");
  CREATE INDEX "access_logs_newest_idx" ON "beacons"."access_logs" ("entityId", "loggedAt", "logId");
  CREATE INDEX "access_logs_user_idx" ON "beacons"."access_logs" ("entityId", "userId", "loggedAt", "logId");

  CREATE TABLE "beacons"."access_log_batches" (
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "batchId" text COLLATE "C" NOT NULL,
    "receivedAt" timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY ("entityId", "beaconId", "batchId"));
  CREATE INDEX "access_log_batches_receivedAt_idx" ON "beacons"."access_log_batches" ("receivedAt");

  CREATE TABLE "beacons"."access_log_requests" (
    "requestId" text COLLATE "C" PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "since" timestamptz NOT NULL,
    "createdBy" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now(),
    "fulfilledAt" timestamptz,
    "batches" integer NOT NULL DEFAULT 0,
    "stored" integer NOT NULL DEFAULT 0,
    "duplicates" integer NOT NULL DEFAULT 0);
  CREATE INDEX "access_log_requests_createdAt_idx" ON "beacons"."access_log_requests" ("createdAt")`;

const CHALLENGES = `
  CREATE TABLE "beacons"."platform_keys" (
    "purpose" text PRIMARY KEY,
    "keyId" text NOT NULL,
    "secret" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now());

  CREATE TABLE "beacons"."used_nonces" (
    "nonce" text COLLATE "C" PRIMARY KEY,
    "usedAt" timestamptz NOT NULL DEFAULT now());
  CREATE INDEX "used_nonces_usedAt_idx" ON "beacons"."used_nonces" ("usedAt");

  CREATE TABLE "beacons"."unlock_instances" (
    "unlockId" uuid PRIMARY KEY,
    "entityId" text COLLATE "C" NOT NULL,
    "beaconId" text COLLATE "C" NOT NULL,
    "userId" text NOT NULL,
    "deviceId" text,
    "type" text NOT NULL,
    "stage" text NOT NULL DEFAULT 'initiated',
    "challengeNonce" text NOT NULL,
    "createdAt" timestamptz NOT NULL DEFAULT now());
  CREATE INDEX "unlock_instances_beacon_idx" ON "beacons"."unlock_instances" ("entityId", "beaconId", "createdAt")`;
