import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  type ChangeDto,
  type Collection,
  RECORD_TYPES,
  type RecordOperation,
  type RecordQuery,
  type RecordRef,
  type WireRecord,
} from '#libs/contracts';
import { type StoredRecord, toWireRecord } from './record.wire.js';

interface RecordRow {
  readonly dataJson: StoredRecord;
  readonly checksum: Buffer;
}

interface ChangeRow {
  readonly fromSeq: number;
  readonly collection: Collection;
  readonly recordId: string;
  readonly operation: RecordOperation;
  readonly dataJson: StoredRecord | null;
  readonly checksum: Buffer | null;
  readonly changedAt: Date;
}

const PRESENT = `v."entityId" = $1 AND v."collection" = $2 AND v."toSeq" IS NULL AND v."operation" <> 'delete'`;

/** Reads records as they are at present, and their changes. */
@Injectable()
export class RecordRepository {
  constructor(private readonly dataSource: DataSource) {}

  async find({ entity_id, collection, record_id }: RecordRef): Promise<WireRecord | undefined> {
    const [row] = await this.dataSource.query<readonly RecordRow[]>(
      `SELECT v."dataJson", v."checksum" FROM "orchestrators"."record_versions" v
       WHERE ${PRESENT} AND v."recordId" = $3`,
      [entity_id, collection, record_id],
    );
    return row && toWireRecord(row.dataJson, row.checksum);
  }

  /** In the order of the bytes of ids. */
  async list({ entity_id, collection, updated_since, after = '', limit }: RecordQuery): Promise<readonly WireRecord[]> {
    const rows = await this.dataSource.query<readonly RecordRow[]>(
      `SELECT v."dataJson", v."checksum" FROM "orchestrators"."record_versions" v
       WHERE ${PRESENT} AND v."recordId" > $3 AND ($4::timestamptz IS NULL OR v."changedAt" >= $4::timestamptz)
       ORDER BY v."recordId" LIMIT $5`,
      [entity_id, collection, after, updated_since, limit],
    );
    return rows.map(({ dataJson, checksum }) => toWireRecord(dataJson, checksum));
  }

  async count({ entity_id, collection, updated_since }: RecordQuery): Promise<number> {
    const [row] = await this.dataSource.query<readonly { total: number }[]>(
      `SELECT count(*) AS "total" FROM "orchestrators"."record_versions" v
       WHERE ${PRESENT} ${updated_since === undefined ? '' : `AND v."changedAt" >= $3::timestamptz`}`,
      [entity_id, collection, ...(updated_since === undefined ? [] : [updated_since])],
    );
    return row?.total ?? 0;
  }

  /** Changes after a number, in their order. */
  async changes(entityId: string, after: number, limit: number): Promise<readonly ChangeDto[]> {
    const rows = await this.dataSource.query<readonly ChangeRow[]>(
      `SELECT "fromSeq", "collection", "recordId", "operation", "dataJson", "checksum", "changedAt"
       FROM "orchestrators"."record_versions" WHERE "entityId" = $1 AND "fromSeq" > $2
       ORDER BY "fromSeq" LIMIT $3`,
      [entityId, after, limit],
    );
    return rows.map(toChangeDto);
  }
}

function toChangeDto({ fromSeq, collection, recordId, dataJson, checksum, ...row }: ChangeRow): ChangeDto {
  return {
    sequence: fromSeq,
    type: RECORD_TYPES[collection],
    operation: row.operation,
    id: recordId,
    ...(dataJson && checksum && { data: toWireRecord(dataJson, checksum) }),
    updated_at: row.changedAt.toISOString(),
  };
}
