import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RobotIdentitySummary, RobotReportDto } from '#libs/contracts';
import { searchKey } from '../registry/search-key.js';
import type { Outcome, Report } from './report.js';

/** The mapped fields of an identity; whatever else the robot says stays in the payload. */
export function summaryOf(payload: Readonly<Record<string, unknown>>): RobotIdentitySummary {
  const textOf = (name: string): string | null => {
    const value = payload[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    model: textOf('model'),
    vendor: textOf('vendor'),
    firmwareVersion: textOf('firmwareVersion'),
    serialNumber: textOf('serialNumber'),
  };
}

/** Told with each commit that changes a robot's identity; the payload is the robot's id. */
export const IDENTITY_CHANGED = 'robots_identity_changed';

/** Adds a snapshot to the history, and makes it the robot's identity when none is newer. */
export async function storeIdentity(tx: EntityManager, report: Report): Promise<Outcome> {
  const snapshotId = crypto.randomUUID();
  const { model, vendor, firmwareVersion, serialNumber } = summaryOf(report.payload);
  const added = await tx.query<readonly unknown[]>(
    `INSERT INTO "robots"."robot_identity_snapshots"
       ("snapshotId", "robotId", "model", "vendor", "firmwareVersion", "serialNumber",
        "payloadJson", "receivedJson", "receivedAt", "messageId", "contentHash", "streamEpochMs", "streamSequence")
     VALUES ($1, $2, $3, $4, $5, $6, $7::json::jsonb, $7, $8, $9, $10, $11, $12)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [snapshotId, report.robotId, model, vendor, firmwareVersion, serialNumber, ...storedParts(report)],
  );
  if (added.length === 0) return isNewest(tx, report);
  if (!(await makeNewest(tx, report, snapshotId))) return 'outdated';
  await tx.query('SELECT pg_notify($1, $2)', [IDENTITY_CHANGED, report.robotId]);
  return 'stored';
}

function storedParts({ text, receivedAt, messageId, contentHash, position }: Report): readonly unknown[] {
  return [text, receivedAt, messageId, contentHash, position.epochMs, position.sequence];
}

/** A capability that came after this identity was written by the same firmware, whichever of the two is stored first. */
async function makeNewest(tx: EntityManager, report: Report, snapshotId: string): Promise<boolean> {
  const { model, vendor, firmwareVersion, serialNumber } = summaryOf(report.payload);
  const identityKey = searchKey(model, vendor, serialNumber);
  const { robotId, receivedAt, position } = report;
  const { epochMs, sequence } = position;
  const [, moved] = await tx.query<readonly [unknown, number]>(
    `UPDATE "robots"."robots" SET
       "identitySnapshotId" = $2, "identityReceivedAt" = $3, "identityEpochMs" = $4, "identitySequence" = $5,
       "model" = $6, "vendor" = $7, "firmwareVersion" = $8, "serialNumber" = $9, "identityKey" = $10,
       "identityRequests" = 0,
       "capabilityFirmwareVersion" = CASE WHEN ("capabilityEpochMs", "capabilitySequence") > ($4, $5) THEN $8
                                          ELSE "capabilityFirmwareVersion" END
     WHERE "robotId" = $1 AND ("identityEpochMs" IS NULL OR ("identityEpochMs", "identitySequence") < ($4, $5))`,
    [robotId, snapshotId, receivedAt, epochMs, sequence, model, vendor, firmwareVersion, serialNumber, identityKey],
  );
  return moved > 0;
}

async function isNewest(tx: EntityManager, { robotId, position }: Report): Promise<Outcome> {
  const rows = await tx.query<readonly unknown[]>(
    `SELECT 1 FROM "robots"."robots"
     WHERE "robotId" = $1 AND "identityEpochMs" = $2 AND "identitySequence" = $3`,
    [robotId, position.epochMs, position.sequence],
  );
  return rows.length > 0 ? 'duplicate' : 'outdated';
}

@Injectable()
export class IdentityRepository {
  constructor(private readonly dataSource: DataSource) {}

  async latest(robotId: string): Promise<RobotReportDto | undefined> {
    const [row] = await this.dataSource.query<readonly { receivedAt: Date; payload: RobotReportDto['payload'] }[]>(
      `SELECT i."receivedAt", i."receivedJson" -> 'payload' AS "payload" FROM "robots"."robots" r
       JOIN "robots"."robot_identity_snapshots" i ON i."snapshotId" = r."identitySnapshotId"
       WHERE r."robotId" = $1`,
      [robotId],
    );
    return row && { robotId, receivedAt: row.receivedAt.toISOString(), payload: row.payload };
  }
}
