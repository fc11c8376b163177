import { MusterError, parseInstant, type TimeRange } from '#libs/contracts';

const HOUR_MS = 3_600_000;
const UNIT_MS = { s: 1_000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS } as const;
const DURATION = /^(\d{1,5})([smhd])$/;
const MAX_BUCKET_MS = 31 * UNIT_MS.d;

/** The interval that a caller asked for; what is missing makes it the hour before `to`, and `to` now. */
export function toTimeRange(query: { from?: string; to?: string }, now: Date): TimeRange {
  const givenFromMs = query.from === undefined ? undefined : parseInstant(query.from);
  // A client whose clock is ahead asks for what comes after our now: nothing yet, and no mistake.
  const toMs = query.to === undefined ? Math.max(now.getTime(), givenFromMs ?? 0) : parseInstant(query.to);
  const fromMs = givenFromMs ?? toMs - HOUR_MS;
  if (fromMs > toMs) throw invalid('from', 'from must not be later than to');
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** Milliseconds of a length like `30s`, `5m`, `1h` or `7d`; `undefined` when it is none, 0 or over 31 days. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = DURATION.exec(text) ?? [];
  if (digits === undefined || !isUnit(unit)) return undefined;
  const durationMs = Number(digits) * UNIT_MS[unit];
  return durationMs > 0 && durationMs <= MAX_BUCKET_MS ? durationMs : undefined;
}

/** The failure of one query field, as validation reports it. */
export function invalid(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', problem, { fields: [{ field, problems: [problem] }] });
}

function isUnit(value: unknown): value is keyof typeof UNIT_MS {
  return typeof value === 'string' && value in UNIT_MS;
}
