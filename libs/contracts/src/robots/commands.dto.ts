import type { JsonObject } from './envelope.js';

/** The documents' five (ROB-038) and CANCELLED. */
export const COMMAND_STATUSES = ['REQUESTED', 'ACKED', 'COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED'] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

export const TIMELINE_KINDS = [
  'requested',
  'sent',
  'delivered',
  'acked',
  'progress',
  'rejected',
  'retried',
  'result',
  'late',
  'duplicate',
  'timeout',
  'cancelled',
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** One thing that happened to a command: who, when, what. */
export interface TimelineEntry {
  readonly at: string;
  readonly kind: TimelineKind;
  /** `user:<id>`, `key:<id>`, `robot:<id>` or `muster`. */
  readonly by: string;
  readonly detail: JsonObject | null;
}

export interface RetryPolicy {
  readonly maxRetries: number;
  readonly retryDelayMs: number;
}

/** What a caller asks for (decision G6); the limits are in the ledger's policy. */
export interface CommandRequest {
  readonly commandType: string;
  readonly payload: JsonObject;
  readonly timeoutMs?: number;
  /** ISO 8601; the robot must not start later. */
  readonly expiresAt?: string;
  /** How long without any answer before the command is published again. */
  readonly responseTimeoutMs?: number;
  readonly retryPolicy?: RetryPolicy;
}

export interface CommandDto {
  readonly commandId: string;
  readonly robotId: string;
  readonly commandType: string;
  readonly payload: JsonObject;
  readonly status: CommandStatus;
  /** Why it failed, timed out or was cancelled; `rejected` when the robot said no. */
  readonly reason: string | null;
  /** Last progress the robot reported, as the robot counts. */
  readonly progress: number | null;
  readonly result: unknown;
  readonly error: unknown;
  readonly requestedBy: string;
  readonly requestedByUserId: string | null;
  readonly requestedAt: string;
  readonly lastAckAt: string | null;
  readonly completedAt: string | null;
  readonly expiresAt: string;
  readonly timeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly retryPolicy: RetryPolicy;
  /** How often it was published. */
  readonly attempts: number;
  readonly batchId: string | null;
}

export interface CommandDetailDto extends CommandDto {
  readonly timeline: readonly TimelineEntry[];
}

export interface CommandPage {
  readonly commands: readonly CommandDto[];
  readonly next: string | null;
}

/** Who asks: recorded in the ledger; `userId` only where the subject is a UUID (decision B15). */
export interface Requester {
  readonly by: string;
  readonly userId: string | null;
}

export interface CommandAccepted {
  readonly commandId: string;
  /** True when the idempotency key was seen before with the same body. */
  readonly replayed: boolean;
}

/** One command for many robots: by ids, or by tag. */
export interface BatchRequest extends CommandRequest {
  readonly robotIds?: readonly string[];
  readonly tag?: string;
}

export interface BatchItem {
  readonly robotId: string;
  readonly commandId: string | null;
  readonly status: CommandStatus | null;
  /** Set when no command was made for this robot. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface BatchDto {
  readonly batchId: string;
  readonly commandType: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly total: number;
  /** Status → number of commands in it; `REFUSED` counts robots without a command. */
  readonly counts: Readonly<Record<string, number>>;
  readonly items: readonly BatchItem[];
}

/** Payload of `robot.command.ack`: one acknowledgement as the ledger took it. */
export interface CommandAckEvent {
  readonly robotId: string;
  readonly commandId: string;
  readonly commandType: string;
  /** What the robot said, in the documents' words. */
  readonly ack: 'ACCEPTED' | 'REJECTED' | 'PROGRESS' | 'COMPLETED' | 'FAILED';
  /** The command's status afterwards. */
  readonly status: CommandStatus;
  readonly progress: number | null;
  readonly result: unknown;
  readonly error: unknown;
  /** Whether the acknowledgement changed anything; late and repeated ones do not. */
  readonly applied: boolean;
  readonly receivedAt: string;
}

/** Payload of `robot.command.updated`: the ledger moved a command by itself or by a person's hand. */
export interface CommandUpdatedEvent {
  readonly robotId: string;
  readonly commandId: string;
  readonly commandType: string;
  readonly status: CommandStatus;
  readonly reason: string | null;
  readonly at: string;
}
