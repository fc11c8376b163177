import type { StreamName } from '#libs/contracts';
import type { StreamPosition } from '#libs/jetstream';

/** What a stored message means to those who watch. */
export interface LiveEvent {
  /** Name under which it reaches a client. */
  readonly name: string;
  readonly payload: object;
  /** Messages with one key replace each other for a client that asked for fewer; absent where each one counts. */
  readonly newestOf?: string;
}

/** One stream that a group reads, cut down to the group's messages. */
export interface LiveSource {
  readonly stream: StreamName;
  /** Subject with wildcards, as stored; re-emitted below `live.`. */
  readonly filter: string;
  /** Whether `replay: "latest"` keeps only the newest message per subject. */
  readonly collapsible: boolean;
  /** Reads a message; `undefined` for one that must not reach a client. */
  read(message: LiveMessage): LiveEvent | undefined;
}

/** A stored message, live or replayed. */
export interface LiveMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the broker stored it, as close as can be known. */
  readonly receivedAt: Date;
}

/** What can be watched. Groups with the same streams in the same order understand each other's cursors. */
export interface LiveGroup {
  readonly name: string;
  readonly sources: readonly LiveSource[];
}

/** One event on its way to clients. */
export interface Frame {
  readonly group: string;
  readonly event: string;
  /** The payload and its `eventId`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly eventId: string;
  /** Index of the source that it came from. */
  readonly source: number;
  readonly sequence: number;
  readonly sizeBytes: number;
  readonly newestOf: string | undefined;
}

/** Where a group stands in each of its sources, in their order. */
export type Positions = readonly StreamPosition[];
