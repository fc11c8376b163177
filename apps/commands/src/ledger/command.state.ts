import type { CommandAckEvent, CommandStatus, JsonObject, TimelineKind } from '#libs/contracts';
import type { StreamPosition } from '#libs/jetstream';

/** What the machine needs to know of a command. Instants of acknowledgements are the broker's clock, others ours. */
export interface CommandState {
  readonly robotId: string;
  readonly status: CommandStatus;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly timeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  /** How often it is known to be published. */
  readonly attempts: number;
  /** Of the newest copy in the stream. */
  readonly publishedSequence: number | null;
  readonly lastSentAt: Date | null;
  readonly deadlineAt: Date;
  /** When the sweeper must look next: may be early, never late; null when nothing is left to do. */
  readonly dueAt: Date | null;
  readonly lastAckAt: Date | null;
  /** Position of the newest acknowledgement that was applied. */
  readonly ackEpochMs: number | null;
  readonly ackSequence: number | null;
  readonly reason: string | null;
  readonly progress: number | null;
  readonly result: unknown;
  readonly error: unknown;
  readonly completedAt: Date | null;
}

export type AckWord = CommandAckEvent['ack'];

export interface AckFact {
  readonly type: 'ack';
  readonly at: Date;
  readonly robotId: string;
  readonly position: StreamPosition;
  readonly word: AckWord;
  readonly progress: number | null;
  readonly result: unknown;
  readonly error: unknown;
}

export interface SentFact {
  readonly type: 'sent';
  readonly at: Date;
  /** 1 is the first publish, everything above a retry. */
  readonly attempt: number;
  readonly sequence: number;
}

export interface DeliveredFact {
  readonly type: 'delivered';
  readonly at: Date;
  readonly sequence: number;
  readonly deliveries: number;
}

/** Something that happened to a command. */
export type CommandFact =
  | AckFact
  | SentFact
  | DeliveredFact
  | { readonly type: 'timeout'; readonly at: Date }
  | { readonly type: 'cancel'; readonly at: Date; readonly by: string };

export interface TimelineDraft {
  readonly at: Date;
  readonly kind: TimelineKind;
  readonly by: string;
  readonly detail: JsonObject | null;
}

/** What a fact does to a command: the fields that change, and the one entry of its timeline; neither when it is void. */
export interface Transition {
  readonly changes: Partial<CommandState>;
  readonly entry: TimelineDraft | null;
}

const FINAL: ReadonlySet<CommandStatus> = new Set(['COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED']);

export const isFinal = (status: CommandStatus): boolean => FINAL.has(status);
