import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RobotReportDto } from '#libs/contracts';
import type { Outcome, Report } from '../snapshots/report.js';

/** Keeps a report unless a newer one is there. */
export async function storeReported(tx: EntityManager, report: Report): Promise<Outcome> {
  const { robotId, text, receivedAt, position } = report;
  const stored = await tx.query<readonly unknown[]>(
    `INSERT INTO "robots"."reported_settings" AS s
       ("robotId", "payloadJson", "receivedJson", "receivedAt", "streamEpochMs", "streamSequence")
     VALUES ($1, $2::json::jsonb, $2, $3, $4, $5)
     ON CONFLICT ("robotId") DO UPDATE SET
       "payloadJson" = excluded."payloadJson", "receivedJson" = excluded."receivedJson",
       "receivedAt" = excluded."receivedAt",
       "streamEpochMs" = excluded."streamEpochMs", "streamSequence" = excluded."streamSequence"
     WHERE (s."streamEpochMs", s."streamSequence") < (excluded."streamEpochMs", excluded."streamSequence")
     RETURNING 1`,
    [robotId, text, receivedAt, position.epochMs, position.sequence],
  );
  if (stored.length > 0) return 'stored';
  const same = await tx.query<readonly unknown[]>(
    `SELECT 1 FROM "robots"."reported_settings"
     WHERE "robotId" = $1 AND "streamEpochMs" = $2 AND "streamSequence" = $3`,
    [robotId, position.epochMs, position.sequence],
  );
  return same.length > 0 ? 'duplicate' : 'outdated';
}

@Injectable()
export class ReportedRepository {
  constructor(private readonly dataSource: DataSource) {}

  async latest(robotId: string): Promise<RobotReportDto | undefined> {
    const [row] = await this.dataSource.query<readonly { receivedAt: Date; payload: RobotReportDto['payload'] }[]>(
      `SELECT "receivedAt", "receivedJson" -> 'payload' AS "payload"
       FROM "robots"."reported_settings" WHERE "robotId" = $1`,
      [robotId],
    );
    return row && { robotId, receivedAt: row.receivedAt.toISOString(), payload: row.payload };
  }
}
