import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AccessLogDto, AccessLogFilter, AccessLogPage, AccessResult } from '#libs/contracts';
import { fitting } from '../devices/page.size.js';
import { IdVault } from './id.vault.js';
import { fromCursor, toCursor } from './log.cursor.js';

interface LogRow {
  readonly logId: number;
  readonly beaconId: string;
  readonly loggedAt: Date;
  readonly userId: string;
  readonly deviceId: string;
  readonly result: AccessResult;
  readonly method: string;
  readonly error: string | null;
  readonly durationMs: number | null;
  readonly batchId: string;
  readonly sealed: string | null;
  readonly receivedAt: Date;
}

export type LogQuery = AccessLogFilter & { readonly limit: number; readonly after?: string };

/** Finds access logs, newest first. */
@Injectable()
export class LogSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: IdVault,
  ) {}

  /** A page is cut where it would be too large for one reply. @throws MusterError `CURSOR_INVALID` */
  async page(query: LogQuery): Promise<AccessLogPage> {
    const { sql, parameters } = this.statement(query);
    const rows = await this.dataSource.query<readonly LogRow[]>(sql, [...parameters]);
    const logs = fitting(rows.slice(0, query.limit).map((row) => this.toDto(row)));
    const last = rows[logs.length - 1];
    const hasMore = rows.length > logs.length;
    return { logs, next: hasMore && last ? toCursor({ atMs: last.loggedAt.getTime(), logId: last.logId }) : null };
  }

  /** Only what was asked for is in the statement, so that each has a plan of its own. */
  statement(query: LogQuery): { readonly sql: string; readonly parameters: readonly unknown[] } {
    const parameters: unknown[] = [];
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const conditions = [`"entityId" = ${parameter(query.entity_id)}`];
    if (query.beacon_id !== undefined) conditions.push(`"beaconId" = ${parameter(query.beacon_id)}`);
    const isOneOf = (column: string, id: string): string => {
      const [stored, ...others] = this.vault.stored(id);
      // With one value the index has the rows in their order.
      return others.length === 0
        ? `"${column}" = ${parameter(stored)}`
        : `"${column}" = ANY(${parameter([stored, ...others])}::text[])`;
    };
    if (query.user_id !== undefined) conditions.push(isOneOf('userId', query.user_id));
    if (query.device_id !== undefined) conditions.push(isOneOf('deviceId', query.device_id));
    if (query.result !== undefined) conditions.push(`"result" = ${parameter(query.result)}`);
    if (query.method !== undefined) conditions.push(`"method" = ${parameter(query.method)}`);
    if (query.from !== undefined) conditions.push(`"loggedAt" >= ${parameter(query.from)}`);
    if (query.to !== undefined) conditions.push(`"loggedAt" < ${parameter(query.to)}`);
    if (query.after !== undefined) {
      const { atMs, logId } = fromCursor(query.after);
      const at = parameter(new Date(atMs));
      // The plain comparison rules months out; the one of rows does not.
      conditions.push(`"loggedAt" <= ${at} AND ("loggedAt", "logId") < (${at}, ${parameter(logId)})`);
    }
    const limit = parameter(query.limit + 1);
    return {
      sql: `SELECT "logId", "beaconId", "loggedAt", "userId", "deviceId", "result", "method", "error", "durationMs",
              "batchId", "sealed", "receivedAt"
            FROM "beacons"."access_logs" WHERE ${conditions.join(' AND ')}
            ORDER BY "loggedAt" DESC, "logId" DESC LIMIT ${limit}`,
      parameters,
    };
  }

  private toDto(row: LogRow): AccessLogDto {
    const { userId, deviceId } = this.vault.read(row);
    return {
      log_id: String(row.logId),
      beacon_id: row.beaconId,
      timestamp: row.loggedAt.toISOString(),
      user_id: userId,
      device_id: deviceId,
      result: row.result,
      method: row.method === '' ? null : row.method,
      error: row.error,
      duration_ms: row.durationMs,
      batch_id: row.batchId,
      received_at: row.receivedAt.toISOString(),
    };
  }
}
