import { types } from 'node:util';
import { DatabaseError } from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';

/**
 * SQLSTATEs of inputs that no later try can store, beside class 22 (bad data: a NUL in text, a number out of range …):
 * not null and check violations, and values over a limit of Postgres (54000: too large for jsonb or an index, 54001: nests
 * too deep).
 */
const DATA_STATES = new Set(['23502', '23514', '54000', '54001']);

/** Serialization failure, completion unknown, deadlock, lock not available, cancelled by timeout, read-only after a fail-over. */
const TRANSIENT_STATES = new Set(['40001', '40003', '40P01', '55P03', '57014', '25006', '25P03']);

/** Connection, resources (disk full, too many connections), operator intervention (57P0x only, see above), system. */
const TRANSIENT_CLASSES = ['08', '53', '57P', '58'];

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** pg and pg-pool give these no code; their text is all there is (an int spec pins it). */
const LOST_CONNECTION_TEXTS = new Set([
  'Connection terminated',
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
]);

const MAX_CAUSE_DEPTH = 5;

/** The SQLSTATE and constraint that Postgres answered, found through TypeORM's wrapper and up to five causes. */
function postgresErrorOf(error: unknown): DatabaseError | undefined {
  return chainOf(error).find((link) => link instanceof DatabaseError);
}

function chainOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  let link: unknown = error;
  while (types.isNativeError(link) && chain.length < MAX_CAUSE_DEPTH) {
    chain.push(link);
    link = link instanceof QueryFailedError ? link.driverError : link.cause;
  }
  return chain;
}

/** Whether the row breaks a unique constraint (23505), optionally the one called `constraint`. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const answer = postgresErrorOf(error);
  return answer?.code === '23505' && (constraint === undefined || answer.constraint === constraint);
}

/** Whether Postgres says that this input can never be stored; an ingest then throws `PermanentMessageError('NOT_STORABLE')`. */
export function isDataError(error: unknown): boolean {
  const state = postgresErrorOf(error)?.code ?? '';
  return state.startsWith('22') || DATA_STATES.has(state);
}

/** Whether the same statement may succeed later: connection lost or refused, restart, deadlock, timeout, no resources. */
export function isTransientDatabaseError(error: unknown): boolean {
  const state = postgresErrorOf(error)?.code;
  if (state !== undefined) {
    return TRANSIENT_STATES.has(state) || TRANSIENT_CLASSES.some((prefix) => state.startsWith(prefix));
  }
  return chainOf(error).some(isLostConnection);
}

function isLostConnection(error: Error): boolean {
  return isReleasedRunner(error) || LOST_CONNECTION_TEXTS.has(error.message) || hasSocketCode(error);
}

/** TypeORM releases a runner under its user when the connection breaks; the next statement of the transaction says so. */
function isReleasedRunner(error: Error): boolean {
  return error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError;
}

function hasSocketCode(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && SOCKET_CODES.has(error.code);
}
