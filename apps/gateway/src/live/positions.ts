import type { Positions } from './live.group.js';

/** Whether a cursor counts in streams that are not these any more. */
export function isOfOtherStreams(cursor: Positions, own: Positions): boolean {
  return cursor.some(({ epochMs }, source) => epochMs !== own[source]?.epochMs);
}

/** Whether a cursor has seen more of some stream than these positions. */
export function isBehind(own: Positions, cursor: Positions): boolean {
  return own.some(({ sequence }, source) => sequence < (cursor[source]?.sequence ?? 0));
}

/** The positions, but before the given sequence of each source that has one. */
export function positionsBelow(positions: Positions, firstSequences: ReadonlyMap<number, number>): Positions {
  return positions.map((position, source) => {
    const first = firstSequences.get(source) ?? Number.POSITIVE_INFINITY;
    return { ...position, sequence: Math.min(position.sequence, first - 1) };
  });
}
