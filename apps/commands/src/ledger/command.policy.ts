import { type CommandRequest, type JsonObject, MusterError, nestsDeeperThan, parseInstant } from '#libs/contracts';

/** The limits that an operator sets; times in milliseconds. */
export interface CommandLimits {
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly maxPayloadBytes: number;
}

/** A request with every default filled in. */
export interface CommandTerms {
  readonly commandType: string;
  readonly payload: JsonObject;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly timeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
}

const MAX_LIFE_MS = 7 * 86_400_000;
const MAX_RETRIES = 100;
const MAX_WAIT_MS = 86_400_000;
const DEFAULT_RETRY_DELAY_MS = 5_000;
/** The envelope around it adds three levels, and a robot may refuse more than 64. */
const MAX_PAYLOAD_DEPTH = 60;
const COMMAND_TYPE = /^[^\p{Cc}]{1,64}$/u;

/** These work on a disabled robot too: they ask who it is and change nothing (decision B7). */
const INTRODUCTIONS: ReadonlySet<string> = new Set(['identify', 'report_capability']);

export const isIntroduction = (commandType: string): boolean => INTRODUCTIONS.has(commandType);

/**
 * Checks a request and fills in the defaults.
 * @throws MusterError `VALIDATION_FAILED` naming every bad field, `PAYLOAD_TOO_LARGE` with size and limit.
 */
export function toTerms(request: CommandRequest, limits: CommandLimits, now: Date): CommandTerms {
  const timeoutMs = request.timeoutMs ?? limits.timeoutMs;
  const expiresAtMs = request.expiresAt === undefined ? now.getTime() + timeoutMs : parseInstant(request.expiresAt);
  const terms = {
    commandType: request.commandType,
    payload: request.payload,
    requestedAt: now,
    timeoutMs,
    responseTimeoutMs: request.responseTimeoutMs ?? limits.responseTimeoutMs,
    maxRetries: request.retryPolicy?.maxRetries ?? 0,
    retryDelayMs: request.retryPolicy?.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS,
  };
  refuseBad([
    ...typeProblems(terms.commandType),
    ...payloadProblems(terms.payload, limits),
    ...(request.expiresAt === undefined ? [] : expiryProblems(expiresAtMs, now)),
    ...rangeProblem('timeoutMs', terms.timeoutMs, 1, limits.maxTimeoutMs),
    ...rangeProblem('responseTimeoutMs', terms.responseTimeoutMs, 1, MAX_WAIT_MS),
    ...rangeProblem('retryPolicy.maxRetries', terms.maxRetries, 0, MAX_RETRIES),
    ...rangeProblem('retryPolicy.retryDelayMs', terms.retryDelayMs, 0, MAX_WAIT_MS),
  ]);
  return { ...terms, expiresAt: new Date(expiresAtMs) };
}

/** Same form as the gateway's own checks. */
export interface FieldProblem {
  readonly field: string;
  readonly problems: readonly string[];
}

export function refuseBad(fields: readonly FieldProblem[]): void {
  if (fields.length === 0) return;
  const message = fields.map(({ field, problems }) => `${field} ${problems.join(', ')}`).join('; ');
  throw new MusterError('VALIDATION_FAILED', message, { fields });
}

const problem = (field: string, text: string): FieldProblem[] => [{ field, problems: [text] }];

function typeProblems(commandType: unknown): FieldProblem[] {
  const fits = typeof commandType === 'string' && COMMAND_TYPE.test(commandType) && commandType.trim() !== '';
  return fits ? [] : problem('commandType', 'must be 1 to 64 characters without control characters');
}

function payloadProblems(payload: unknown, { maxPayloadBytes }: CommandLimits): FieldProblem[] {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return problem('payload', 'must be a JSON object');
  }
  const text = JSON.stringify(payload);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxPayloadBytes) {
    const message = `payload has ${String(sizeBytes)} bytes; at most ${String(maxPayloadBytes)} are allowed`;
    throw new MusterError('PAYLOAD_TOO_LARGE', message, { field: 'payload', sizeBytes, maxPayloadBytes });
  }
  const tooDeep = nestsDeeperThan(text, MAX_PAYLOAD_DEPTH);
  return tooDeep ? problem('payload', `must nest at most ${String(MAX_PAYLOAD_DEPTH)} levels`) : [];
}

function expiryProblems(expiresAtMs: number, now: Date): FieldProblem[] {
  if (Number.isNaN(expiresAtMs)) return problem('expiresAt', 'must be an ISO 8601 instant');
  const lifeMs = expiresAtMs - now.getTime();
  if (lifeMs <= 0) return problem('expiresAt', 'must be in the future');
  return lifeMs > MAX_LIFE_MS ? problem('expiresAt', 'must be at most 7 days away') : [];
}

function rangeProblem(field: string, value: unknown, min: number, max: number): FieldProblem[] {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return [];
  return problem(field, `must be a whole number from ${String(min)} to ${String(max)}`);
}
