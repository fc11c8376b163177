import { context, createContextKey, isSpanContextValid, trace } from '@opentelemetry/api';

/** Fields that every log line of one piece of work carries, in snake_case as written. */
export type LogFields = Readonly<Record<string, string>>;

/** The OpenTelemetry context follows the work through promises and callbacks, so it carries these too. */
const KEY = createContextKey('muster.log-fields');

/** Runs `work` with fields added to all its log lines, e.g. `{ request_id, correlation_id }`. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return context.with(context.active().setValue(KEY, { ...stored(), ...fields }), work);
}

/** Adds fields to the log lines of the work that is being done, from now on: what is learned on the way, as who calls. */
export function addLogFields(fields: LogFields): void {
  Object.assign(stored(), fields);
}

/** The fields of the work that is being done, with its `trace_id` when there is one. */
export function currentLogFields(): LogFields {
  const span = trace.getSpanContext(context.active());
  return span !== undefined && isSpanContextValid(span) ? { ...stored(), trace_id: span.traceId } : stored();
}

function stored(): LogFields {
  const value = context.active().getValue(KEY);
  return isLogFields(value) ? value : {};
}

function isLogFields(value: unknown): value is LogFields {
  return typeof value === 'object' && value !== null;
}
