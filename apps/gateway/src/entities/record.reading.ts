import {
  type Collection,
  isRecordId,
  type JsonObject,
  MAX_RECORD_BYTES,
  MusterError,
  problemsOfRecord,
  RECORD_REFERENCES,
  SERVER_MEMBERS,
} from '#libs/contracts';

/** Where a record belongs. */
export interface RecordPlace {
  readonly entity_id: string;
  readonly collection: Collection;
  /** Of the path; the body may repeat it and may not contradict it. */
  readonly record_id?: string;
}

/** A record that somebody sent. */
export interface GivenRecord {
  readonly record_id?: string;
  /** Without its id and without what the server writes. */
  readonly fields: JsonObject;
}

/** Escapes that only a control character or half a surrogate pair gets: NUL cannot be stored, the other is no text. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;
const OURS: ReadonlySet<string> = new Set(['id', ...SERVER_MEMBERS]);

/**
 * Checks one record as it came. Nothing is required of it but to be an object; integers are accepted as ids.
 * @throws MusterError `VALIDATION_FAILED` with the path of what is wrong, `PAYLOAD_TOO_LARGE`
 */
export function readRecord(value: unknown, place: RecordPlace): GivenRecord {
  if (!isObject(value)) throw invalid('body', 'must be one JSON object');
  const problems = problemsOfRecord(place.collection, value);
  if (problems.length > 0) {
    const message = problems.map((problem) => problem.problems.join(', ')).join('; ');
    throw new MusterError('VALIDATION_FAILED', `${message}.`, { fields: problems });
  }
  const record_id = idOf(value, place);
  const fields = withTextIds(Object.fromEntries(Object.entries(value).filter(([name]) => !OURS.has(name))));
  requireStorable(fields);
  return { ...(record_id === undefined ? {} : { record_id }), fields };
}

function idOf(value: JsonObject, { entity_id, record_id }: RecordPlace): string | undefined {
  const entity = value['entity_id'] ?? entity_id;
  if (entity !== entity_id) throw invalid('entity_id', `must be ${entity_id}, or be left out`);
  const { id } = value;
  const given = typeof id === 'number' ? String(id) : id;
  if (typeof given !== 'string') return record_id;
  if (record_id !== undefined && given !== record_id) throw invalid('id', `must be ${record_id}, or be left out`);
  return requireRecordId(given);
}

/** @throws MusterError `VALIDATION_FAILED` */
export function requireRecordId(value: unknown): string {
  if (isRecordId(value)) return value;
  throw invalid('id', 'must be 1 to 128 characters without "/", control characters and spaces around');
}

function withTextIds(fields: JsonObject): JsonObject {
  const texts = RECORD_REFERENCES.flatMap((name) => {
    const value = fields[name];
    return typeof value === 'number' ? [[name, String(value)] as const] : [];
  });
  return texts.length === 0 ? fields : { ...fields, ...Object.fromEntries(texts) };
}

function requireStorable(fields: JsonObject): void {
  const text = JSON.stringify(fields);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_RECORD_BYTES) {
    const message = `A record has at most ${String(MAX_RECORD_BYTES)} bytes; this one has ${String(sizeBytes)}.`;
    throw new MusterError('PAYLOAD_TOO_LARGE', message, { sizeBytes, limitBytes: MAX_RECORD_BYTES });
  }
  if (UNSTORABLE.test(text)) throw invalid('body', 'must not hold U+0000 or half a surrogate pair');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
