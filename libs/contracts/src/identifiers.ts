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

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `value` is a UUID in its canonical text form, of any version. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
