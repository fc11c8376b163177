import Type, { type Static, type TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ACCESS_RESULTS } from './beacons.dto.js';
import { parseInstant } from '../robots/envelope.js';
import { MusterError } from '../errors.js';

/** Rows of one batch at most (decision G11). */
export const MAX_BATCH_LOGS = 100;

/** Problems that one answer names. */
const MAX_PROBLEMS = 20;

/** No control characters, NUL above all: what is stored is shown in tables and exports. */
const PLAIN = '^[^\\u0000-\\u001f]*$';
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: PLAIN });
const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

const AccessLogSchema = Type.Object({
  timestamp: Type.String({ minLength: 10, maxLength: 40 }),
  user_id: optional(text(128)),
  device_id: optional(text(128)),
  result: Type.Enum([...ACCESS_RESULTS]),
  method: optional(text(64)),
  error: optional(text(256)),
  duration_ms: optional(Type.Number({ minimum: 0, maximum: 86_400_000 })),
});

const BatchSchema = Type.Object({
  beacon_id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
  entity_id: optional(Type.String({ maxLength: 64 })),
  batch_id: text(128),
  total_logs: Type.Integer({ minimum: 0 }),
  request_id: optional(text(64)),
  logs: Type.Array(AccessLogSchema),
});

const EnvelopeSchema = Type.Object({
  encryptedData: Type.String({ minLength: 1, maxLength: 512 * 1_024 }),
  encryptedKey: Type.String({ minLength: 1, maxLength: 4_096 }),
  iv: Type.String({ minLength: 1, maxLength: 64 }),
  authTag: Type.String({ minLength: 1, maxLength: 64 }),
  algorithm: optional(Type.String({ maxLength: 64 })),
});

/** One access: null for what the beacon does not know. */
export interface AccessLog {
  /** Milliseconds since 1970 by the beacon's clock. */
  readonly at_ms: number;
  readonly user_id: string | null;
  readonly device_id: string | null;
  readonly result: (typeof ACCESS_RESULTS)[number];
  readonly method: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
}

/** A batch of access logs (orchestrators.txt 6.3) that passed {@link readAccessLogBatch}. */
export interface AccessLogBatch {
  readonly beacon_id: string;
  /** As the body says it; the caller's token is what counts. */
  readonly entity_id: string | null;
  readonly batch_id: string;
  readonly request_id: string | null;
  readonly logs: readonly AccessLog[];
}

/** The same JSON, encrypted (decision C16); the members are hex or base64. */
export type EncryptedBatch = Static<typeof EnvelopeSchema>;

const batches = Compile(BatchSchema);
const envelopes = Compile(EnvelopeSchema);

/**
 * Checks the JSON of a batch and drops what is not known.
 * @throws MusterError `PAYLOAD_TOO_LARGE` over {@link MAX_BATCH_LOGS} rows, `VALIDATION_FAILED` with the path of each bad field.
 */
export function readAccessLogBatch(body: unknown): AccessLogBatch {
  refuseLarge(body);
  if (!batches.Check(body)) throw problemsOf(batches, body);
  const { logs, total_logs: total, beacon_id, batch_id } = body;
  if (total !== logs.length) {
    throw invalid([['total_logs', `is ${total}, but there are ${logs.length} logs`]]);
  }
  return {
    beacon_id,
    batch_id,
    entity_id: body.entity_id ?? null,
    request_id: body.request_id ?? null,
    logs: readLogs(logs),
  };
}

/** The encrypted batch of a body; `undefined` when it has none. @throws MusterError `VALIDATION_FAILED` */
export function readEncryptedBatch(body: object): EncryptedBatch | undefined {
  if (!('encrypted' in body) || body.encrypted === null || body.encrypted === undefined) return undefined;
  if (!envelopes.Check(body.encrypted)) throw problemsOf(envelopes, body.encrypted, 'encrypted');
  const { encryptedData, encryptedKey, iv, authTag, algorithm } = body.encrypted;
  return { encryptedData, encryptedKey, iv, authTag, ...(algorithm === undefined ? {} : { algorithm }) };
}

function refuseLarge(body: unknown): void {
  const logs = typeof body === 'object' && body !== null && 'logs' in body ? body.logs : undefined;
  if (!Array.isArray(logs) || logs.length <= MAX_BATCH_LOGS) return;
  const message = `A batch has at most ${MAX_BATCH_LOGS} logs; this one has ${logs.length}.`;
  throw new MusterError('PAYLOAD_TOO_LARGE', message, { max_logs: MAX_BATCH_LOGS, logs: logs.length });
}

function readLogs(logs: readonly Static<typeof AccessLogSchema>[]): readonly AccessLog[] {
  const problems: [string, string][] = [];
  const read = logs.map(({ timestamp, result, ...log }, index) => {
    const atMs = parseInstant(timestamp);
    if (Number.isNaN(atMs)) problems.push([`logs[${index}].timestamp`, 'must be an ISO 8601 instant']);
    return {
      at_ms: atMs,
      user_id: log.user_id ?? null,
      device_id: log.device_id ?? null,
      result,
      method: log.method ?? null,
      error: log.error ?? null,
      duration_ms: log.duration_ms ?? null,
    };
  });
  if (problems.length > 0) throw invalid(problems);
  return read;
}

/** The failure of a body whose fields are named with what is wrong with them. */
export function invalid(problems: readonly (readonly [field: string, problem: string])[]): MusterError {
  const message = problems.map(([field, problem]) => `${field} ${problem}`).join('; ');
  const fields = problems.map(([field, problem]) => ({ field, problems: [problem] }));
  return new MusterError('VALIDATION_FAILED', `${message}.`, { fields });
}

function problemsOf(validator: Validator, value: unknown, parent = ''): MusterError {
  const found = validator.Errors(value).flatMap(({ keyword, params, instancePath, message }) => {
    const path = `${parent === '' ? '' : `/${parent}`}${instancePath}`;
    const missing: unknown = 'requiredProperties' in params ? params.requiredProperties : undefined;
    if (Array.isArray(missing))
      return missing.map((name) => [fieldOf(`${path}/${String(name)}`), 'is missing'] as const);
    // The alternatives of a nullable field are told one by one already.
    return keyword === 'anyOf' ? [] : [[fieldOf(path), message] as const];
  });
  return invalid(found.slice(0, MAX_PROBLEMS));
}

/** `/logs/3/user_id` → `logs[3].user_id`; the document itself is `body`. */
function fieldOf(pointer: string): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`));
  return steps.join('').replace(/^\./, '') || 'body';
}
