import { Injectable } from '@nestjs/common';
import {
  type ChangePage,
  isRecordId,
  type RecordPage,
  type RecordQuery,
  type RecordRef,
  type WireRecord,
} from '#libs/contracts';
import { EntityRepository } from '../entities/entity.repository.js';
import { recordNotFound } from './record-refusals.js';
import { RecordRepository } from './record.repository.js';
import { foreignCursor, ROWS_PER_REPLY, whatFits } from '../entities/reply.page.js';

const SEQUENCE = /^(0|[1-9]\d{0,14})$/;

/** Shows records and their changes, page by page. */
@Injectable()
export class RecordReader {
  constructor(
    private readonly records: RecordRepository,
    private readonly entities: EntityRepository,
  ) {}

  /** @throws MusterError `ENTITY_NOT_FOUND`, `RECORD_NOT_FOUND` */
  async get(ref: RecordRef): Promise<WireRecord> {
    const record = await this.records.find(ref);
    if (record) return record;
    await this.entities.get(ref.entity_id);
    throw recordNotFound(ref);
  }

  /** @throws MusterError `ENTITY_NOT_FOUND`, `CURSOR_INVALID` */
  async list(query: RecordQuery): Promise<RecordPage> {
    if (query.after !== undefined && !isRecordId(query.after)) throw foreignCursor(query.after);
    const limit = Math.min(query.limit, ROWS_PER_REPLY);
    const [rows, total] = await Promise.all([
      this.records.list({ ...query, limit: limit + 1 }),
      this.records.count(query),
    ]);
    if (rows.length === 0) await this.entities.get(query.entity_id);
    const records = whatFits(rows.slice(0, limit));
    return { records, next: rows.length > records.length ? (records.at(-1)?.id ?? null) : null, total };
  }

  /** @throws MusterError `ENTITY_NOT_FOUND`, `CURSOR_INVALID` */
  async changes(entityId: string, limit: number, after = '0'): Promise<ChangePage> {
    if (!SEQUENCE.test(after)) throw foreignCursor(after);
    const rows = await this.records.changes(entityId, Number(after), Math.min(limit, ROWS_PER_REPLY) + 1);
    if (rows.length === 0) await this.entities.get(entityId);
    const changes = whatFits(rows.slice(0, Math.min(limit, ROWS_PER_REPLY)));
    const last = changes.at(-1);
    return { changes, next: rows.length > changes.length && last ? String(last.sequence) : null };
  }
}
