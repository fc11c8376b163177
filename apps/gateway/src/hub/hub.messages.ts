import { MusterError, parseGroup, requireRobotId, type HubGroup } from '#libs/contracts';

export interface JoinMessage {
  readonly group: HubGroup;
  readonly lastEventId: string | undefined;
  readonly replay: 'all' | 'latest';
  /** How often a second status and telemetry of one robot may come; undefined for as often as they do. */
  readonly maxHz: number | undefined;
}

/** What every message is answered with. */
export type HubAnswer =
  | { readonly ok: true; readonly eventId?: string; readonly [field: string]: unknown }
  | { readonly ok: false; readonly error: Pick<MusterError, 'code' | 'message' | 'details'> };

const MAX_CURSOR_CHARACTERS = 512;
const MIN_HZ = 0.01;
const MAX_HZ = 1_000;
const MAX_SHOWN_CHARACTERS = 80;

/** @throws MusterError `VALIDATION_FAILED` that names the field. */
export function readJoin(body: unknown): JoinMessage {
  const fields = fieldsOf(body);
  return {
    group: readGroup(fields),
    lastEventId: readCursor(fields.get('lastEventId')),
    replay: readReplay(fields.get('replay')),
    maxHz: readMaxHz(fields.get('maxHz')),
  };
}

/** @throws MusterError `VALIDATION_FAILED`. */
export function readLeave(body: unknown): HubGroup {
  return readGroup(fieldsOf(body));
}

/** @throws MusterError `VALIDATION_FAILED` or `ROBOT_ID_INVALID`. */
export function readUpdate(body: unknown): { robotId: string; fields: object } {
  const fields = fieldsOf(body);
  const robotId = requireRobotId(fields.get('robotId'));
  return { robotId, fields: Object.fromEntries(fields) };
}

/** The body's own fields alone: a key like `__proto__` is a name as any other here. */
function fieldsOf(body: unknown): ReadonlyMap<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('message', 'must be one object, followed by an acknowledgement function');
  }
  return new Map<string, unknown>(Object.entries(body));
}

function readGroup(fields: ReadonlyMap<string, unknown>): HubGroup {
  const name = fields.get('group');
  const group = parseGroup(name);
  if (group) return group;
  const shown = typeof name === 'string' ? `"${name.slice(0, MAX_SHOWN_CHARACTERS)}"` : `a ${typeof name}`;
  throw invalid('group', `must be "fleet", "robot:<robotId>" or "entity:<entityId>", not ${shown}`);
}

function readCursor(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.length <= MAX_CURSOR_CHARACTERS) return value;
  throw invalid('lastEventId', `must be the eventId of an event, at most ${MAX_CURSOR_CHARACTERS} characters`);
}

function readReplay(value: unknown): 'all' | 'latest' {
  if (value === undefined || value === null) return 'all';
  if (value === 'all' || value === 'latest') return value;
  throw invalid('replay', 'must be "all" or "latest"');
}

function readMaxHz(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= MIN_HZ && value <= MAX_HZ) return value;
  throw invalid('maxHz', `must be a number from ${MIN_HZ} to ${MAX_HZ}`);
}

function invalid(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
