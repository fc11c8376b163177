import { checksumText, RECORD_TYPES, type SyncFormat } from '#libs/contracts';
import type { ChangeText, RecordText } from './version.repository.js';

/** A record's JSON as it goes out: as it is stored, with the checksum behind it. */
export function toRecordJson({ text, checksum }: Pick<RecordText, 'text' | 'checksum'>, format: SyncFormat): string {
  const json = format === 'compact' ? compacted(text) : text;
  return `${json.slice(0, -1)},"checksum":"${checksumText(checksum)}"}`;
}

/** A change's JSON as the documents have it (3.2). */
export function toChangeJson(change: ChangeText): string {
  const { collection, operation, recordId, text, checksum, changedAt } = change;
  const [type, id] = [RECORD_TYPES[collection], JSON.stringify(recordId)];
  const data = text !== null && checksum ? `"data":${toRecordJson({ text, checksum }, 'full')},` : '';
  return `{"type":"${type}","operation":"${operation}","id":${id},${data}"updated_at":"${changedAt.toISOString()}"}`;
}

/** Without members that are null or empty; what is within a member stays as it is. */
function compacted(text: string): string {
  const record: unknown = JSON.parse(text);
  if (typeof record !== 'object' || record === null) return text;
  return JSON.stringify(Object.fromEntries(Object.entries(record).filter(([, value]) => !isEmpty(value))));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
