import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type FirmwareReport, type FirmwareReportDto, type FirmwareStatus, MusterError } from '#libs/contracts';
import type { Attempt } from './attempt.machine.js';

/** A report of one entity. */
export interface Received extends FirmwareReport {
  readonly entity_id: string;
}

export interface StoredAttempt extends Attempt {
  /** What the beacon ran before, as one of the reports said. */
  readonly previousVersion: string | null;
}

interface ReportRow {
  readonly reportId: number;
  readonly entityId: string;
  readonly beaconId: string;
  readonly firmwareId: string;
  readonly attempt: number;
  readonly status: FirmwareStatus;
  readonly applied: boolean;
  readonly rolloutId: string | null;
  readonly previousVersion: string | null;
  readonly newVersion: string | null;
  readonly reportedAt: Date;
  readonly durationSeconds: number | null;
  readonly error: FirmwareReport['error'];
  readonly errorMessage: string | null;
  readonly receivedAt: Date;
}

export interface ReportFilter {
  readonly firmware_id: string;
  readonly entity_id?: string;
  readonly beacon_id?: string;
  readonly limit: number;
  readonly after?: string;
}

@Injectable()
export class ReportRepository {
  constructor(private readonly dataSource: DataSource) {}

  async attempt(
    tx: EntityManager,
    { entity_id, beacon_id, firmware_id }: Received,
  ): Promise<StoredAttempt | undefined> {
    const [row] = await tx.query<
      readonly { attempt: number; status: FirmwareStatus; reportedAt: Date; previousVersion: string | null }[]
    >(
      `SELECT "attempt", "status", "reportedAt", "previousVersion" FROM "beacons"."firmware_attempts"
       WHERE "entityId" = $1 AND "beaconId" = $2 AND "firmwareId" = $3`,
      [entity_id, beacon_id, firmware_id],
    );
    if (!row) return undefined;
    const { attempt: number, status, reportedAt, previousVersion } = row;
    return { number, status, atMs: reportedAt.getTime(), previousVersion };
  }

  async storeAttempt(tx: EntityManager, report: Received, attempt: StoredAttempt): Promise<void> {
    const { entity_id, beacon_id, firmware_id } = report;
    await tx.query(
      `INSERT INTO "beacons"."firmware_attempts"
         ("entityId", "beaconId", "firmwareId", "attempt", "status", "reportedAt", "previousVersion")
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT ("entityId", "beaconId", "firmwareId") DO UPDATE
         SET "attempt" = EXCLUDED."attempt", "status" = EXCLUDED."status", "reportedAt" = EXCLUDED."reportedAt",
             "previousVersion" = EXCLUDED."previousVersion"`,
      [
        entity_id,
        beacon_id,
        firmware_id,
        attempt.number,
        attempt.status,
        new Date(attempt.atMs),
        attempt.previousVersion,
      ],
    );
  }

  /** Undefined when the same was reported before. */
  async add(
    tx: EntityManager,
    report: Received,
    { attempt, applied }: { readonly attempt: number; readonly applied: boolean },
  ): Promise<FirmwareReportDto | undefined> {
    const [row] = await tx.query<readonly ReportRow[]>(
      `INSERT INTO "beacons"."firmware_reports" ("entityId", "beaconId", "firmwareId", "attempt", "status", "applied",
         "rolloutId", "previousVersion", "newVersion", "reportedAt", "durationSeconds", "error", "errorMessage")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT ON CONSTRAINT "firmware_reports_once_key" DO NOTHING
       RETURNING *`,
      [
        report.entity_id,
        report.beacon_id,
        report.firmware_id,
        attempt,
        report.status,
        applied,
        report.rollout_id,
        report.previous_version,
        report.new_version,
        report.updated_at,
        report.duration_seconds,
        report.error,
        report.error_message,
      ],
    );
    return row && toReport(row);
  }

  /** Newest first. */
  async list(filter: ReportFilter): Promise<{ items: FirmwareReportDto[]; next: string | null }> {
    const { firmware_id, entity_id = null, beacon_id = null, limit, after } = filter;
    const rows = await this.dataSource.query<readonly ReportRow[]>(
      `SELECT * FROM "beacons"."firmware_reports"
       WHERE "firmwareId" = $1 AND ($2::text IS NULL OR "entityId" = $2) AND ($3::text IS NULL OR "beaconId" = $3)
         AND ($4::bigint IS NULL OR "reportId" < $4)
       ORDER BY "reportId" DESC LIMIT $5`,
      [firmware_id, entity_id, beacon_id, after === undefined ? null : parseCursor(after), limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(toReport), next: rows.length > limit && last ? String(last.reportId) : null };
  }

  /** Forgets what is older; answers whether there may be more. */
  async forget(olderThanDays: number, limit: number): Promise<boolean> {
    const forgotten = await this.dataSource.query<readonly [unknown, number]>(
      `DELETE FROM "beacons"."firmware_reports" WHERE "reportId" IN (
         SELECT "reportId" FROM "beacons"."firmware_reports"
         WHERE "receivedAt" < now() - make_interval(days => $1) ORDER BY "receivedAt" LIMIT $2)`,
      [olderThanDays, limit],
    );
    return forgotten[1] === limit;
  }
}

function parseCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new MusterError('CURSOR_INVALID', 'The cursor cannot be read. Start again without it.');
}

function toReport(row: ReportRow): FirmwareReportDto {
  return {
    entity_id: row.entityId,
    beacon_id: row.beaconId,
    firmware_id: row.firmwareId,
    rollout_id: row.rolloutId,
    status: row.status,
    attempt: row.attempt,
    applied: row.applied,
    previous_version: row.previousVersion,
    new_version: row.newVersion,
    updated_at: row.reportedAt.toISOString(),
    received_at: row.receivedAt.toISOString(),
    duration_seconds: row.durationSeconds,
    error: row.error,
    error_message: row.errorMessage,
  };
}
