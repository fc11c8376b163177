/** Headers on broker messages beside the broker's own. */
export const MESSAGE_HEADERS = {
  /** Of a dead letter: reason, explanation, and where the message came from. */
  reason: 'Muster-Reason',
  message: 'Muster-Message',
  stream: 'Muster-Stream',
  consumer: 'Muster-Consumer',
  subject: 'Muster-Subject',
  sequence: 'Muster-Sequence',
  /** ISO instant at which the broker stored the original. */
  receivedAt: 'Muster-Received-At',
  deliveries: 'Muster-Deliveries',
  /** Milliseconds since 1970 at which a service published it; brokers before 2.10 re-emit messages without an instant. */
  publishedAt: 'Muster-Published-At',
} as const;

/** Headers of the HTTP edge. */
export const HTTP_HEADERS = {
  requestId: 'x-request-id',
  idempotencyKey: 'x-idempotency-key',
  idempotencyReplayed: 'x-idempotency-replayed',
  /** ECDSA P-256 over the raw body, in base64, base64url or hex. */
  signature: 'x-signature',
  /** Unix seconds and an unguessable text; with them the signature covers `timestamp\\nnonce\\nbody`. */
  timestamp: 'x-timestamp',
  nonce: 'x-nonce',
  entityId: 'x-entity-id',
  orchestratorId: 'x-orchestrator-id',
  lastEventId: 'last-event-id',
  firmwareVersion: 'x-firmware-version',
  firmwareChecksum: 'x-firmware-checksum',
  firmwareDevice: 'x-firmware-device',
  firmwareSignature: 'x-firmware-signature',
  signingKeyId: 'x-signing-key-id',
  apiKey: 'x-api-key',
  apiSecret: 'x-api-secret',
  nextCursor: 'x-next-cursor',
  totalCount: 'x-total-count',
  rateLimit: 'x-ratelimit-limit',
  rateRemaining: 'x-ratelimit-remaining',
  /** Unix seconds at which the window starts anew. */
  rateReset: 'x-ratelimit-reset',
} as const;

/** Trailers of a gRPC call that failed. */
export const GRPC_METADATA = {
  /** A code of `ERROR_CODES`. */
  errorCode: 'x-error-code',
  /** The error body of REST, JSON. */
  errorBody: 'x-error-bin',
} as const;
