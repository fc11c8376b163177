import { checksumText, type JsonObject, recordChecksum, SERVER_MEMBERS, type WireRecord } from '#libs/contracts';

/** When a record was made and last changed. */
export interface RecordTimes {
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A record as it is stored: what goes out, without the checksum. */
export interface StoredRecord extends JsonObject {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const ours: ReadonlySet<string> = new Set(['id', ...SERVER_MEMBERS]);

/** What the caller said of a record, of all that is stored or sent. */
export function fieldsOf(record: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !ours.has(name)));
}

/** The record as it is stored: its id first, its fields in the order in which they were given. */
export function toStoredRecord(id: string, fields: JsonObject, { createdAt, updatedAt }: RecordTimes): StoredRecord {
  return { id, ...fieldsOf(fields), created_at: createdAt, updated_at: updatedAt };
}

/** The record as it goes out; the checksum is the one that is stored with it. */
export function toWireRecord(record: StoredRecord, checksum: Uint8Array | string): WireRecord {
  return { ...record, checksum: typeof checksum === 'string' ? checksum : checksumText(checksum) };
}

/** The record as it goes out, with its checksum computed. */
export function sealRecord(record: StoredRecord): WireRecord {
  return toWireRecord(record, recordChecksum(record));
}
