import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RobotReportDto } from '#libs/contracts';
import type { Outcome, Report } from './report.js';

/** What became of a capability, and the firmware that the robot ran when it told. */
export interface StoredCapability {
  readonly outcome: Outcome;
  readonly firmwareVersion: string | null;
}

/** Adds a snapshot to the history, and makes it the robot's capability when none is newer. */
export async function storeCapability(tx: EntityManager, report: Report): Promise<StoredCapability> {
  const snapshotId = crypto.randomUUID();
  const { robotId, text, receivedAt, messageId, contentHash, position } = report;
  const added = await tx.query<readonly { firmwareVersion: string | null }[]>(
    `INSERT INTO "robots"."robot_capability_snapshots"
       ("snapshotId", "robotId", "firmwareVersion", "payloadJson", "receivedJson", "receivedAt", "messageId",
        "contentHash", "streamEpochMs", "streamSequence")
     SELECT $1, r."robotId", r."firmwareVersion", $3::json::jsonb, $3, $4, $5, $6, $7, $8
     FROM "robots"."robots" r WHERE r."robotId" = $2
     ON CONFLICT DO NOTHING RETURNING "firmwareVersion"`,
    [snapshotId, robotId, text, receivedAt, messageId, contentHash, position.epochMs, position.sequence],
  );
  const [snapshot] = added;
  if (!snapshot) return newest(tx, report);
  const { firmwareVersion } = snapshot;
  const isNewest = await makeNewest(tx, report, snapshotId);
  return { outcome: isNewest ? 'stored' : 'outdated', firmwareVersion };
}

async function makeNewest(tx: EntityManager, report: Report, snapshotId: string): Promise<boolean> {
  const { robotId, receivedAt, position } = report;
  const [, moved] = await tx.query<readonly [unknown, number]>(
    `UPDATE "robots"."robots" SET
       "capabilitySnapshotId" = $2, "capabilityReceivedAt" = $3, "capabilityEpochMs" = $4, "capabilitySequence" = $5,
       "capabilityFirmwareVersion" = "firmwareVersion", "capabilityRequests" = 0
     WHERE "robotId" = $1 AND ("capabilityEpochMs" IS NULL OR ("capabilityEpochMs", "capabilitySequence") < ($4, $5))`,
    [robotId, snapshotId, receivedAt, position.epochMs, position.sequence],
  );
  return moved > 0;
}

async function newest(tx: EntityManager, { robotId, position }: Report): Promise<StoredCapability> {
  const [row] = await tx.query<readonly { firmwareVersion: string | null }[]>(
    `SELECT "capabilityFirmwareVersion" AS "firmwareVersion" FROM "robots"."robots"
     WHERE "robotId" = $1 AND "capabilityEpochMs" = $2 AND "capabilitySequence" = $3`,
    [robotId, position.epochMs, position.sequence],
  );
  return { outcome: row ? 'duplicate' : 'outdated', firmwareVersion: row?.firmwareVersion ?? null };
}

@Injectable()
export class CapabilityRepository {
  constructor(private readonly dataSource: DataSource) {}

  async latest(robotId: string): Promise<RobotReportDto | undefined> {
    const [row] = await this.dataSource.query<readonly { receivedAt: Date; payload: RobotReportDto['payload'] }[]>(
      `SELECT c."receivedAt", c."receivedJson" -> 'payload' AS "payload" FROM "robots"."robots" r
       JOIN "robots"."robot_capability_snapshots" c ON c."snapshotId" = r."capabilitySnapshotId"
       WHERE r."robotId" = $1`,
      [robotId],
    );
    return row && { robotId, receivedAt: row.receivedAt.toISOString(), payload: row.payload };
  }
}
