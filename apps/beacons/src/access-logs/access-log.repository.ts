import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type AccessLogBatch, MusterError } from '#libs/contracts';
import { unnest } from '#libs/database';
import { notRegistered } from '../devices/device.errors.js';
import { type DeviceKey, keyOf } from '../devices/device.row.js';
import { IdVault } from './id.vault.js';

/** A batch of an entity's beacon. */
export interface Upload extends DeviceKey {
  readonly batch: AccessLogBatch;
}

export interface Stored {
  readonly stored: number;
  readonly duplicates: number;
  /** Whether the batch had not come before. */
  readonly isFresh: boolean;
}

interface BatchKey extends DeviceKey {
  readonly batchId: string;
}

const batchKeyOf = (key: BatchKey): string => `${keyOf(key)}/${key.batchId}`;

/**
 * Batches first and in their order, then rows in theirs (the sort takes every batch before the first row goes in): two
 * statements wait for each other and never for ever. A batch that is known brings no rows.
 */
const INSERT = (batches: string, logs: string): string => `
  WITH fresh AS (
    INSERT INTO "beacons"."access_log_batches" ("entityId", "beaconId", "batchId")
    SELECT r."entityId", r."beaconId", r."batchId" FROM ${batches} ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING RETURNING "entityId", "beaconId", "batchId"),
  stored AS (
    INSERT INTO "beacons"."access_logs" ("entityId", "beaconId", "loggedAt", "userId", "deviceId", "result", "method",
      "error", "durationMs", "batchId", "sealed")
    SELECT r."entityId", r."beaconId", to_timestamp(r."atMs" / 1000.0), r."userId", r."deviceId", r."result",
      r."method", r."error", r."durationMs", r."batchId", r."sealed"
    FROM ${logs} JOIN fresh USING ("entityId", "beaconId", "batchId")
    ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT DO NOTHING RETURNING "entityId", "beaconId", "batchId")
  SELECT f."entityId", f."beaconId", f."batchId", count(s."batchId")::int AS "stored"
  FROM fresh f LEFT JOIN stored s USING ("entityId", "beaconId", "batchId") GROUP BY 1, 2, 3`;

/** Stores access logs, many batches at once; a repeat changes nothing. */
@Injectable()
export class AccessLogRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly vault: IdVault,
  ) {}

  /** One outcome per upload, in order, all in one transaction: a refused one is refused alone. */
  store(uploads: readonly Upload[]): Promise<readonly (Stored | Error)[]> {
    return this.dataSource.transaction(async (tx) => {
      const refusals = await refusalsOf(tx, uploads);
      const accepted = uploads.filter((upload) => !refusals.has(upload));
      const stored = await this.insert(tx, accepted);
      const outcomes = new Map<Upload, Stored>();
      for (const upload of accepted) outcomes.set(upload, takeOutcome(stored, upload));
      await noteRequests(tx, outcomes);
      return uploads.map((upload) => refusals.get(upload) ?? outcomes.get(upload) ?? notRegistered(upload));
    });
  }

  private async insert(tx: EntityManager, uploads: readonly Upload[]): Promise<Inserted> {
    const firsts = firstOfEach(uploads);
    if (firsts.length === 0) return { fresh: new Map(), told: new Set() };
    const batches = unnest(firsts.map(batchOf), BATCH_COLUMNS);
    const rows = firsts.flatMap((upload) => this.rowsOf(upload));
    const logs = unnest(rows, LOG_COLUMNS, batches.parameters.length + 1);
    const fresh = await tx.query<readonly (BatchKey & { stored: number })[]>(INSERT(batches.sql, logs.sql), [
      ...batches.parameters,
      ...logs.parameters,
    ]);
    return { fresh: new Map(fresh.map((row) => [batchKeyOf(row), row.stored])), told: new Set() };
  }

  private rowsOf(upload: Upload): readonly LogRow[] {
    return upload.batch.logs.map((log) => ({
      ...batchOf(upload),
      ...this.vault.store({ userId: log.user_id, deviceId: log.device_id }),
      atMs: log.at_ms,
      result: log.result,
      method: log.method ?? '',
      error: log.error,
      durationMs: log.duration_ms,
    }));
  }
}

/** Batches that were new with how many of their rows were, and those whose outcome was handed out. */
interface Inserted {
  readonly fresh: ReadonlyMap<string, number>;
  readonly told: Set<string>;
}

interface LogRow extends BatchKey {
  readonly atMs: number;
  readonly userId: string;
  readonly deviceId: string;
  readonly sealed: string | null;
  readonly result: string;
  readonly method: string;
  readonly error: string | null;
  readonly durationMs: number | null;
}

const BATCH_COLUMNS = {
  entityId: { type: 'text', value: (row: BatchKey) => row.entityId },
  beaconId: { type: 'text', value: (row: BatchKey) => row.beaconId },
  batchId: { type: 'text', value: (row: BatchKey) => row.batchId },
} as const;

const LOG_COLUMNS = {
  ...BATCH_COLUMNS,
  atMs: { type: 'int8', value: (row: LogRow) => row.atMs },
  userId: { type: 'text', value: (row: LogRow) => row.userId },
  deviceId: { type: 'text', value: (row: LogRow) => row.deviceId },
  result: { type: 'text', value: (row: LogRow) => row.result },
  method: { type: 'text', value: (row: LogRow) => row.method },
  error: { type: 'text', value: (row: LogRow) => row.error },
  durationMs: { type: 'float8', value: (row: LogRow) => row.durationMs },
  sealed: { type: 'text', value: (row: LogRow) => row.sealed },
} as const;

const batchOf = ({ entityId, beaconId, batch }: Upload): BatchKey => ({ entityId, beaconId, batchId: batch.batch_id });

function firstOfEach(uploads: readonly Upload[]): readonly Upload[] {
  const firsts = new Map<string, Upload>();
  for (const upload of uploads) {
    const key = batchKeyOf(batchOf(upload));
    if (!firsts.has(key)) firsts.set(key, upload);
  }
  return [...firsts.values()];
}

/** The same batch twice in one statement is a repeat the second time. */
function takeOutcome({ fresh, told }: Inserted, upload: Upload): Stored {
  const key = batchKeyOf(batchOf(upload));
  const isFresh = fresh.has(key) && !told.has(key);
  const stored = isFresh ? (fresh.get(key) ?? 0) : 0;
  told.add(key);
  return { stored, duplicates: upload.batch.logs.length - stored, isFresh };
}

/** Why uploads cannot be taken: their beacon, or the request that they answer, is unknown. */
async function refusalsOf(tx: EntityManager, uploads: readonly Upload[]): Promise<ReadonlyMap<Upload, Error>> {
  const keys = unnest([...uploads.entries()], {
    ordinal: { type: 'int4', value: ([ordinal]) => ordinal },
    entityId: { type: 'text', value: ([, upload]) => upload.entityId },
    beaconId: { type: 'text', value: ([, upload]) => upload.beaconId },
    requestId: { type: 'text', value: ([, upload]) => upload.batch.request_id },
  });
  const rows = await tx.query<readonly { isRegistered: boolean; isRequested: boolean }[]>(
    `SELECT EXISTS (SELECT FROM "beacons"."devices" d
         WHERE d."entityId" = r."entityId" AND d."beaconId" = r."beaconId") AS "isRegistered",
       r."requestId" IS NULL OR EXISTS (SELECT FROM "beacons"."access_log_requests" q
         WHERE q."requestId" = r."requestId" AND q."entityId" = r."entityId" AND q."beaconId" = r."beaconId")
         AS "isRequested"
     FROM ${keys.sql} ORDER BY r."ordinal"`,
    [...keys.parameters],
  );
  const refusals = new Map<Upload, Error>();
  for (const [index, upload] of uploads.entries()) {
    const row = rows[index];
    if (!row?.isRegistered) refusals.set(upload, notRegistered(upload));
    else if (!row.isRequested) refusals.set(upload, requestNotFound(upload.batch.request_id));
  }
  return refusals;
}

export function requestNotFound(requestId: string | null): MusterError {
  const message = `There is no request "${requestId ?? ''}" for access logs of this beacon.`;
  return new MusterError('ACCESS_LOG_REQUEST_NOT_FOUND', message, { request_id: requestId });
}

/** A request is fulfilled by the first batch that names it; what repeats bring is not counted again. */
async function noteRequests(tx: EntityManager, outcomes: ReadonlyMap<Upload, Stored>): Promise<void> {
  const named = [...outcomes].filter(([{ batch }]) => batch.request_id !== null);
  if (named.length === 0) return;
  const rows = unnest(named, {
    requestId: { type: 'text', value: ([{ batch }]) => batch.request_id },
    batches: { type: 'int4', value: ([, { isFresh }]) => (isFresh ? 1 : 0) },
    stored: { type: 'int4', value: ([, { stored }]) => stored },
    duplicates: { type: 'int4', value: ([, { isFresh, duplicates }]) => (isFresh ? duplicates : 0) },
  });
  await tx.query(
    `WITH told AS (
       SELECT r."requestId", sum(r."batches")::int AS "batches", sum(r."stored")::int AS "stored",
         sum(r."duplicates")::int AS "duplicates"
       FROM ${rows.sql} GROUP BY r."requestId"),
     held AS (
       SELECT "requestId" FROM "beacons"."access_log_requests"
       WHERE "requestId" IN (SELECT "requestId" FROM told) ORDER BY "requestId" FOR NO KEY UPDATE)
     UPDATE "beacons"."access_log_requests" q SET "fulfilledAt" = coalesce(q."fulfilledAt", now()),
       "batches" = q."batches" + t."batches", "stored" = q."stored" + t."stored",
       "duplicates" = q."duplicates" + t."duplicates"
     FROM told t JOIN held USING ("requestId") WHERE q."requestId" = t."requestId"`,
    [...rows.parameters],
  );
}
