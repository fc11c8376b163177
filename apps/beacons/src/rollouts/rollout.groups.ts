import { createHash } from 'node:crypto';

const HASH_CHARS = 16;

/** Where a device stands in the order of a rollout: sixteen hex digits, spread evenly, the same on every replica. */
export function orderOf(rolloutId: string, entityId: string, beaconId: string): string {
  return createHash('sha256').update(`${rolloutId}/${entityId}/${beaconId}`).digest('hex').slice(0, HASH_CHARS);
}

/**
 * How many devices stand in the groups up to each one, of `total` in order: a group's cumulative percent, rounded up, so that
 * the first group is never empty while there are devices.
 */
export function cumulativeSizes(groups: readonly number[], total: number): number[] {
  return groups.map((percent) => Math.min(total, Math.ceil((percent * total) / 100)));
}

/** The group (from 0) of the device at a place (from 0) in the order. */
export function groupAt(place: number, cumulative: readonly number[]): number {
  const group = cumulative.findIndex((size) => place < size);
  return group < 0 ? cumulative.length - 1 : group;
}

/** Groups as they were made: their cumulative percents, and the greatest order in each, null in one without devices. */
export interface MadeGroups {
  readonly percents: readonly number[];
  readonly lastOrders: readonly (string | null)[];
}

/**
 * The group of a device that came after the groups were made: where its order falls between theirs, but none before the one
 * that its order has a share in. The orders of a few devices say little, and the first groups are to stay small.
 */
export function lateGroupOf(order: string, { percents, lastOrders }: MadeGroups): number {
  const place = lastOrders.findIndex((last) => last !== null && order <= last);
  return Math.max(place < 0 ? lastOrders.length - 1 : place, shareOf(order, percents));
}

function shareOf(order: string, percents: readonly number[]): number {
  const percentOfAll = (Number.parseInt(order.slice(0, 8), 16) / 0x1_0000_0000) * 100;
  return percents.findIndex((percent) => percentOfAll < percent);
}
