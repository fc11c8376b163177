import { Controller } from '@nestjs/common';
import {
  ENTITIES_REQUESTS,
  type JsonObject,
  type NewRecord,
  type RecordPage,
  type RecordQuery,
  type RecordRef,
  type RecordReplaced,
  type WireRecord,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { RecordReader } from './record.reader.js';
import { RecordService } from './record.service.js';

@Controller()
export class RecordsResponder {
  constructor(
    private readonly reader: RecordReader,
    private readonly records: RecordService,
  ) {}

  @Answers(ENTITIES_REQUESTS.listRecords)
  list(query: RecordQuery): Promise<RecordPage> {
    return this.reader.list(query);
  }

  @Answers(ENTITIES_REQUESTS.getRecord)
  get(ref: RecordRef): Promise<WireRecord> {
    return this.reader.get(ref);
  }

  @Answers(ENTITIES_REQUESTS.createRecord)
  create(request: NewRecord): Promise<WireRecord> {
    return this.records.create(request);
  }

  @Answers(ENTITIES_REQUESTS.replaceRecord)
  replace({ fields, ...ref }: RecordRef & { fields: JsonObject }): Promise<RecordReplaced> {
    return this.records.replace(ref, fields);
  }

  @Answers(ENTITIES_REQUESTS.deleteRecord)
  async remove(ref: RecordRef): Promise<{ ok: true }> {
    await this.records.remove(ref);
    return { ok: true };
  }
}
