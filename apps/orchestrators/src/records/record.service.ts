import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type JsonObject,
  type NewRecord,
  RECORD_TYPES,
  type RecordRef,
  type RecordReplaced,
  type WireRecord,
} from '#libs/contracts';
import { recordExists, recordNotFound } from './record-refusals.js';
import type { ChangeOutcome, RecordChange } from './record.changes.js';
import { RecordWriter } from './record.writer.js';

const ID_HEX_CHARACTERS = 32;

/** Changes records one by one. */
@Injectable()
export class RecordService {
  constructor(private readonly writer: RecordWriter) {}

  /**
   * With an idempotency key, a repeat answers the record that the first one made.
   * @throws MusterError `ENTITY_NOT_FOUND`, `RECORD_EXISTS`
   */
  async create(request: NewRecord): Promise<WireRecord> {
    const { entity_id, collection, fields, idempotency_key } = request;
    const record_id = request.record_id ?? newRecordId(request);
    const outcome = await this.writeOne(entity_id, { kind: 'create', collection, id: record_id, fields });
    if (outcome.record && (outcome.result === 'created' || idempotency_key !== undefined)) return outcome.record;
    throw recordExists({ entity_id, collection, record_id });
  }

  /** @throws MusterError `ENTITY_NOT_FOUND` */
  async replace(ref: RecordRef, fields: JsonObject): Promise<RecordReplaced> {
    const { entity_id, collection, record_id } = ref;
    const { result, record } = await this.writeOne(entity_id, { kind: 'put', collection, id: record_id, fields });
    if (!record) throw recordNotFound(ref);
    return { created: result === 'created', record };
  }

  /** @throws MusterError `ENTITY_NOT_FOUND`, `RECORD_NOT_FOUND` */
  async remove(ref: RecordRef): Promise<void> {
    const { entity_id, collection, record_id } = ref;
    const { result } = await this.writeOne(entity_id, { kind: 'delete', collection, id: record_id });
    if (result === 'missing') throw recordNotFound(ref);
  }

  private async writeOne(entityId: string, change: RecordChange): Promise<ChangeOutcome> {
    const [outcome] = await this.writer.write(entityId, [change]);
    if (!outcome) throw new TypeError('One change has one outcome.');
    return outcome;
  }
}

function newRecordId({ entity_id, collection, idempotency_key }: NewRecord): string {
  const unique =
    idempotency_key === undefined
      ? randomUUID()
      : createHash('sha256')
          .update(JSON.stringify([entity_id, collection, idempotency_key]))
          .digest('hex')
          .slice(0, ID_HEX_CHARACTERS);
  return `${RECORD_TYPES[collection]}-${unique}`;
}
