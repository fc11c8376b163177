import { isEventId, type OrchestratorResyncReason } from '#libs/contracts';
import type { StreamPosition } from '#libs/jetstream';
import { encodeCursor } from '../live/cursor.js';
import { EVENT_STREAMS } from './event.group.js';
import type { StreamHead } from '../live/progress.js';

const PREFIX = 'evt-';
const FROM_THE_FIRST = `${PREFIX}0`;
/** 2020-01-01, seconds since 1970. */
const FIRST_EPOCH_S = 1_577_836_800;
/** Numbers for each second of a stream's age: were a stream made anew, its ids would still be above all before. */
const IDS_PER_SECOND = 2 ** 20;

/**
 * An id that no stream ever gives: who comes back with it is told to read everything anew. It stands where an orchestrator
 * has no place that could be gone on from.
 */
export const NOWHERE = `${PREFIX}1`;

/** The id of an event: it rises for ever, with gaps, as safe integers (decision C10). */
export function eventIdOf({ epochMs, sequence }: StreamPosition): string {
  return `${PREFIX}${baseOf(epochMs) + sequence}`;
}

/** The sequence that an id names in the stream of that age; undefined when it is of another stream. */
export function sequenceOf(eventId: string, epochMs: number): number | undefined {
  const sequence = Number(eventId.slice(PREFIX.length)) - baseOf(epochMs);
  return Number.isSafeInteger(sequence) && sequence >= 0 ? sequence : undefined;
}

/** Where an id lies for the live engine, or why that cannot be said. */
export interface FoundPlace {
  readonly cursor?: string;
  readonly obstacle?: OrchestratorResyncReason;
}

/** Finds the place of an id. Whether it is too old or of the future, the engine finds out. */
export function cursorOf(eventId: string, head: StreamHead): FoundPlace {
  if (!isEventId(eventId)) return { obstacle: 'cursor_unreadable' };
  const { epochMs, firstSequence } = head;
  const sequence = eventId === FROM_THE_FIRST ? Math.max(0, firstSequence - 1) : sequenceOf(eventId, epochMs);
  return sequence === undefined ? { obstacle: 'cursor_foreign' } : { cursor: cursorAt({ epochMs, sequence }) };
}

/** The engine's cursor of a position. */
export function cursorAt(position: StreamPosition): string {
  return encodeCursor(EVENT_STREAMS, [position]);
}

function baseOf(epochMs: number): number {
  return Math.floor(epochMs / 1000 - FIRST_EPOCH_S) * IDS_PER_SECOND;
}
