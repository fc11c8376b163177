import { MusterError, ROUTES, type Route } from '#libs/contracts';

/** The fields of a message by name. */
export type Fields = ReadonlyMap<string, unknown>;

export function fieldsOf(message: object): Fields {
  return new Map<string, unknown>(Object.entries(message));
}

/** A text field; undefined when it is empty, as proto3 cannot tell the two apart. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field of bytes. */
export function bytesOf(fields: Fields, name: string): Uint8Array {
  const value = fields.get(name);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** Value of the enum `SyncMode` → the request of REST that it stands for. */
const ROUTE_OF_MODE: ReadonlyMap<unknown, Route> = new Map([
  ['SYNC_MODE_FULL', ROUTES.orchestratorsSyncFull],
  ['SYNC_MODE_DELTA', ROUTES.orchestratorsSyncDelta],
  ['SYNC_MODE_CHECKSUM', ROUTES.orchestratorsSyncChecksum],
]);

const PARAMETERS = ['entity_id', 'format', 'since', 'cursor', 'local_checksum'];

/** Reads a `SyncRequest` as a request of REST. @throws MusterError `VALIDATION_FAILED` for a mode that is none. */
export function toSyncCall(fields: Fields): {
  readonly route: Route;
  readonly query: Readonly<Record<string, string>>;
} {
  const route = ROUTE_OF_MODE.get(fields.get('mode'));
  if (!route) {
    const problems = ['must be full, delta or checksum'];
    throw new MusterError('VALIDATION_FAILED', `mode ${problems[0]}.`, { fields: [{ field: 'mode', problems }] });
  }
  const include = fields.get('include');
  const pairs = PARAMETERS.flatMap((name) => {
    const value = textOf(fields, name);
    return value === undefined ? [] : [[name, value] satisfies [string, string]];
  });
  if (Array.isArray(include) && include.length > 0) pairs.push(['include', include.join(',')]);
  return { route, query: Object.fromEntries(pairs) };
}
