import { MusterError } from './errors.js';

const ROBOT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Words that are tokens of other subjects: a robot of that name would speak on someone else's subject. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['ack', 'desired', 'reported']);

/** Whether `value` may stand as one token of a subject and as a robot's key (decision A8). */
export function isRobotId(value: unknown): value is string {
  return typeof value === 'string' && ROBOT_ID.test(value) && !RESERVED_IDS.has(value);
}

/**
 * Returns the id unchanged when it is one subject token.
 * @throws MusterError `ROBOT_ID_INVALID` when it is not.
 */
export function requireRobotId(value: unknown): string {
  if (isRobotId(value)) return value;
  throw new MusterError(
    'ROBOT_ID_INVALID',
    'A robot id has 1 to 64 letters, digits, "_" or "-" and is none of: ack, desired, reported.',
    { robotId: typeof value === 'string' ? value.slice(0, 80) : typeof value },
  );
}

const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Whether `value` may be the id of an entity, a beacon or an orchestrator: one token of a subject, as a robot's id is.
 */
export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && TOKEN_ID.test(value);
}

/**
 * Returns an id of the kind that `field` names unchanged when it is one subject token.
 * @throws MusterError `VALIDATION_FAILED` with the field when it is not.
 */
export function requireTokenId(value: unknown, field: string): string {
  if (isTokenId(value)) return value;
  const problems = ['must be 1 to 64 letters, digits, "_" or "-"'];
  throw new MusterError('VALIDATION_FAILED', `${field} ${problems[0]}.`, { fields: [{ field, problems }] });
}

/** Ids of records in a mall's collections: what people and maps call things, one line of text without control characters. */
const RECORD_ID = /^[^\p{C}/]{1,128}$/u;

/** Whether `value` may be the id of an area, beacon, merchant or connection of a mall. */
export function isRecordId(value: unknown): value is string {
  return typeof value === 'string' && RECORD_ID.test(value) && value.trim() === value;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `value` is a UUID in its canonical text form, of any version. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
