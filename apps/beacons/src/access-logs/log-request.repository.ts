import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type AccessLogRequestDto, orchestratorEventSubject, type OrchestratorEvent } from '#libs/contracts';
import { enqueue } from '../beacons.outbox.js';
import { type DeviceKey, instant } from '../devices/device.row.js';
import { requestNotFound } from './access-log.repository.js';

interface RequestRow extends DeviceKey {
  readonly requestId: string;
  readonly since: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly fulfilledAt: Date | null;
  readonly batches: number;
  readonly stored: number;
  readonly duplicates: number;
}

export interface NewLogRequest extends DeviceKey {
  readonly requestId: string;
  readonly since: Date;
  readonly createdBy: string;
}

/** Keeps what orchestrators were asked for. */
@Injectable()
export class LogRequestRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Stores a request with the event that tells it; a repeat changes nothing. */
  async create(request: NewLogRequest): Promise<AccessLogRequestDto> {
    const { requestId, entityId, beaconId, since, createdBy } = request;
    await this.dataSource.transaction(async (tx) => {
      const stored = await tx.query<readonly unknown[]>(
        `INSERT INTO "beacons"."access_log_requests" ("requestId", "entityId", "beaconId", "since", "createdBy")
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING "requestId"`,
        [requestId, entityId, beaconId, since, createdBy],
      );
      if (stored.length === 0) return;
      const data = { beacon_id: beaconId, since: since.toISOString(), request_id: requestId };
      const body: OrchestratorEvent = { event: 'access_log_request', data };
      await enqueue(tx, [
        { subject: orchestratorEventSubject(entityId), messageId: `access_log_request:${requestId}`, body },
      ]);
    });
    return this.require(entityId, requestId);
  }

  /** @throws MusterError `ACCESS_LOG_REQUEST_NOT_FOUND` */
  async require(entityId: string, requestId: string): Promise<AccessLogRequestDto> {
    const [row] = await this.dataSource.query<readonly RequestRow[]>(
      `SELECT * FROM "beacons"."access_log_requests" WHERE "requestId" = $1 AND "entityId" = $2`,
      [requestId, entityId],
    );
    if (row) return toDto(row);
    throw requestNotFound(requestId);
  }
}

function toDto(row: RequestRow): AccessLogRequestDto {
  return {
    request_id: row.requestId,
    entity_id: row.entityId,
    beacon_id: row.beaconId,
    since: row.since.toISOString(),
    status: row.fulfilledAt === null ? 'open' : 'fulfilled',
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    fulfilled_at: instant(row.fulfilledAt),
    batches: row.batches,
    stored: row.stored,
    duplicates: row.duplicates,
  };
}
