/** One row per stable error code: the HTTP status it travels with and what the caller should do. */
export const ERROR_CODES = {
  AUTH_REQUIRED: { status: 401, advice: 'Send "Authorization: Bearer <accessToken>" or an API key.' },
  AUTH_INVALID_CREDENTIALS: { status: 401, advice: 'Check user name and password, or key and secret.' },
  AUTH_INVALID_TOKEN: { status: 401, advice: 'Log in again.' },
  AUTH_TOKEN_EXPIRED: { status: 401, advice: 'Refresh the access token; an orchestrator re-registers.' },
  AUTH_INVALID_SIGNATURE: {
    status: 401,
    advice: 'Sign the raw body with the ECDSA P-256 key that is pinned for this device, and check the private key.',
  },
  AUTH_REFRESH_REUSED: {
    status: 401,
    advice: 'The refresh token was used before: its whole family is revoked. Log in again.',
  },
  ACCESS_DENIED: { status: 403, advice: 'Ask an administrator for the role that the message names.' },
  ENTITY_ACCESS_DENIED: {
    status: 403,
    advice: 'Use the entity of your token in X-Entity-ID, query and body.',
  },
  BEACON_NOT_APPROVED: { status: 403, advice: 'An administrator has to approve the beacon first.' },
  VALIDATION_FAILED: { status: 400, advice: 'Correct the fields listed in details.' },
  MALFORMED_REQUEST: { status: 400, advice: 'Send a valid HTTP/1.1 request with a URL that decodes.' },
  MALFORMED_JSON: { status: 400, advice: 'Send a body that is valid JSON.' },
  ROBOT_ID_INVALID: { status: 400, advice: 'Use an id of 1 to 64 letters, digits, "_" or "-".' },
  CURSOR_INVALID: { status: 400, advice: 'Start again without the cursor.' },
  ROUTE_NOT_FOUND: { status: 404, advice: 'See /docs for the routes.' },
  ROBOT_NOT_FOUND: {
    status: 404,
    advice: 'Robots appear when they first report, or when credentials are issued for them.',
  },
  IDENTITY_NOT_FOUND: { status: 404, advice: 'The robot has not reported its identity yet.' },
  CAPABILITY_NOT_FOUND: { status: 404, advice: 'The robot has not reported its capability yet.' },
  STATUS_NOT_FOUND: { status: 404, advice: 'The robot has not reported a status yet.' },
  TELEMETRY_NOT_FOUND: { status: 404, advice: 'The robot has not sent telemetry in the retained time.' },
  SETTINGS_NOT_FOUND: { status: 404, advice: 'The robot has not reported settings yet.' },
  COMMAND_NOT_FOUND: { status: 404, advice: 'Check the command id.' },
  BATCH_NOT_FOUND: { status: 404, advice: 'Check the batch id.' },
  USER_NOT_FOUND: { status: 404, advice: 'Check the user id.' },
  API_KEY_NOT_FOUND: { status: 404, advice: 'Check the API key id.' },
  CREDENTIALS_NOT_FOUND: { status: 404, advice: 'No credentials were issued for this robot, or they are revoked.' },
  DEAD_LETTER_NOT_FOUND: { status: 404, advice: 'It was re-driven, deleted or aged out.' },
  ENTITY_NOT_FOUND: { status: 404, advice: 'Check the entity id.' },
  RECORD_NOT_FOUND: { status: 404, advice: 'Check the record id and the collection.' },
  IMPORT_NOT_FOUND: { status: 404, advice: 'Check the import id; reports are kept for a week.' },
  EVENT_NOT_FOUND: { status: 404, advice: 'Check the event id; events are kept for 48 hours.' },
  ORCHESTRATOR_NOT_FOUND: { status: 404, advice: 'Register the orchestrator first.' },
  TASK_NOT_FOUND: { status: 404, advice: 'Check the task id.' },
  BEACON_NOT_REGISTERED: { status: 404, advice: 'Register the beacon first.' },
  ACCESS_LOG_REQUEST_NOT_FOUND: { status: 404, advice: 'Check the request id.' },
  FIRMWARE_NOT_FOUND: { status: 404, advice: 'Check the firmware id, target and channel.' },
  ROLLOUT_NOT_FOUND: { status: 404, advice: 'Check the rollout id.' },
  METHOD_NOT_ALLOWED: { status: 405, advice: 'See /docs for the methods of this route.' },
  NOT_ACCEPTABLE: { status: 406, advice: 'Allow the media type that the message names in Accept.' },
  REQUEST_TIMEOUT: { status: 408, advice: 'Send the whole request within a minute.' },
  ROBOT_DISABLED: { status: 409, advice: 'Enable the robot first.' },
  COMMAND_FINAL: { status: 409, advice: 'The command has reached a final state and cannot change.' },
  USER_EXISTS: { status: 409, advice: 'Choose another user name.' },
  LAST_ADMIN: { status: 409, advice: 'Give another user the admin role first.' },
  ENTITY_EXISTS: { status: 409, advice: 'Choose another entity id.' },
  RECORD_EXISTS: { status: 409, advice: 'Choose another id, or change the record with PUT.' },
  SYNC_CHECKSUM_MISMATCH: { status: 409, advice: 'Perform a full sync.' },
  ORCHESTRATOR_ACTIVE: {
    status: 409,
    advice: 'The entity has an orchestrator already; an administrator may reset it.',
  },
  BEACON_LIMIT_REACHED: { status: 409, advice: 'The entity has as many beacons as it may have.' },
  TASK_ALREADY_ASSIGNED: { status: 409, advice: 'Query the task’s status: another robot has it.' },
  TASK_FINAL: { status: 409, advice: 'The task has reached a final state and cannot change.' },
  FIRMWARE_EXISTS: { status: 409, advice: 'Choose another firmware id or version.' },
  FIRMWARE_HASH_MISMATCH: { status: 409, advice: 'Upload the file whose checksum the firmware has.' },
  ROLLOUT_STATE_CONFLICT: { status: 409, advice: 'Read the rollout’s state: it does not allow this now.' },
  REQUEST_IN_FLIGHT: {
    status: 409,
    advice: 'The first request with this idempotency key is still running. Try again shortly.',
  },
  SYNC_HISTORY_EXPIRED: { status: 410, advice: 'Perform a full sync: changes that old are not kept.' },
  PAYLOAD_TOO_LARGE: { status: 413, advice: 'Send a smaller body.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, advice: 'Send Content-Type: application/json.' },
  RANGE_NOT_SATISFIABLE: { status: 416, advice: 'Ask for bytes within the size of Content-Range.' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, advice: 'Use a new X-Idempotency-Key for a different request.' },
  RATE_LIMIT_EXCEEDED: { status: 429, advice: 'Wait for Retry-After seconds.' },
  HEADERS_TOO_LARGE: { status: 431, advice: 'Send a shorter URL, and fewer or smaller headers.' },
  INTERNAL_ERROR: { status: 500, advice: 'Report the request id to the operator.' },
  SERVICE_UNAVAILABLE: { status: 503, advice: 'Try again shortly.' },
  OVERLOADED: { status: 503, advice: 'Try again shortly, with back-off.' },
  NETWORK_TIMEOUT: { status: 504, advice: 'Try again; writes with an idempotency key are safe to repeat.' },
} as const satisfies Record<string, { status: number; advice: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A failure that a caller may see. The code is stable; the message says what, which id and what to do next. */
export class MusterError extends Error {
  override readonly name = 'MusterError';
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = ERROR_CODES[code].status;
  }
}

/** Whether `value` names a row of {@link ERROR_CODES}. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}

/** The documents' error body (orchestrators.txt 9.1), the same on every route. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: ErrorDetails;
    /** UTC, `Z`. */
    readonly timestamp: string;
    readonly request_id: string;
  };
}

/** Renders an error for the wire. */
export function toErrorBody(error: Pick<MusterError, 'code' | 'message' | 'details'>, requestId: string): ErrorBody {
  const { code, message, details } = error;
  return { error: { code, message, details, timestamp: new Date().toISOString(), request_id: requestId } };
}

/**
 * A message that no later try can digest: it goes to the dead letters with its reason and is not delivered again.
 */
export class PermanentMessageError extends Error {
  override readonly name = 'PermanentMessageError';

  constructor(
    readonly reason: RejectReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why a message was refused; the `reason` of a dead letter. */
export const REJECT_REASONS = {
  MALFORMED_JSON: 'The body is not JSON text in UTF-8.',
  TOO_DEEP: 'The body nests deeper than 64 levels.',
  ENVELOPE_INVALID: 'A field of the envelope is missing or has the wrong type.',
  VERSION_UNSUPPORTED: 'payloadVersion is not 1.',
  TYPE_MISMATCH: 'The type does not belong on this subject.',
  ROBOT_MISMATCH: 'The robotId in the body is not the one of the subject.',
  ROBOT_ID_INVALID: 'The last token of the subject is no valid robot id.',
  PAYLOAD_INVALID: 'The payload does not fit the schema of its type.',
  NOT_STORABLE: 'The database can never store this value.',
  COMMAND_MISMATCH: 'The acknowledged command belongs to another robot.',
  HANDLER_FAILED: 'The handler failed on every try.',
} as const;

export type RejectReason = keyof typeof REJECT_REASONS;
