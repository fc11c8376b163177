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

/**
 * The group of a device that came after the groups were made: where its order falls between theirs. `lastOrders` has each
 * group's greatest order, null for a group without devices.
 */
export function lateGroupOf(order: string, lastOrders: readonly (string | null)[]): number {
  const group = lastOrders.findIndex((last) => last !== null && order <= last);
  return group < 0 ? lastOrders.length - 1 : group;
}
