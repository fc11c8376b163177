import fc from 'fast-check';
import { cumulativeSizes, groupAt, lateGroupOf, orderOf } from './rollout.groups.js';

const percents = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 499 })
  .map((cuts) => [...cuts.sort((a, b) => a - b), 100]);

describe('groups of a rollout', () => {
  it('put five of a hundred devices into the canary, and at least one', () => {
    expect(cumulativeSizes([5, 25, 100], 100)).toEqual([5, 25, 100]);
    expect(cumulativeSizes([5, 25, 100], 3)).toEqual([1, 1, 3]);
    expect(cumulativeSizes([5, 25, 100], 0)).toEqual([0, 0, 0]);
  });

  it('hold every device in exactly one group', () => {
    fc.assert(
      fc.property(percents, fc.nat(300), (groups, total) => {
        const sizes = cumulativeSizes(groups, total);
        const members = Array.from({ length: total }, (_, place) => groupAt(place, sizes));
        expect(members).toEqual(members.toSorted((a, b) => a - b));
        for (const [group, size] of sizes.entries()) {
          expect(members.filter((member) => member <= group)).toHaveLength(size);
        }
        if (total > 0) expect(members.filter((member) => member === 0).length).toBeGreaterThan(0);
      }),
    );
  });

  it('put a device that comes late where it would have been, or later, the same each time', () => {
    const percents = [5, 25, 100];
    const ids = Array.from({ length: 200 }, (_, n) => orderOf('rollout-1', 'mall-a', `beacon-${n}`)).sort();
    const sizes = cumulativeSizes(percents, ids.length);
    const lastOrders = sizes.map((size) => ids[size - 1] ?? null);
    const late = ids.map((order) => lateGroupOf(order, { percents, lastOrders }));
    for (const [place, group] of late.entries()) expect(group).toBeGreaterThanOrEqual(groupAt(place, sizes));
    expect(late).toEqual(late.toSorted((a, b) => a - b));
    expect(lateGroupOf('0000000000000000', { percents, lastOrders })).toBe(0);
    expect(lateGroupOf('ffffffffffffffff', { percents, lastOrders })).toBe(2);
    expect(lateGroupOf('0000000000000000', { percents, lastOrders: [null, null, null] })).toBe(2);
  });

  it('stay small when one device stood alone in the first and many come late', () => {
    const made = { percents: [5, 25, 100], lastOrders: ['f000000000000000', null, null] };
    expect(['0c00', '0d00', '3f00', '4100', 'f100'].map((order) => lateGroupOf(order.padEnd(16, '0'), made))).toEqual([
      0, 1, 1, 2, 2,
    ]);
  });

  it('depend on the rollout, so that not the same devices are the canaries each time', () => {
    const order = orderOf('rollout-1', 'mall-a', 'beacon-1');
    expect(order).toMatch(/^[0-9a-f]{16}$/);
    expect(orderOf('rollout-1', 'mall-a', 'beacon-1')).toBe(order);
    expect(orderOf('rollout-2', 'mall-a', 'beacon-1')).not.toBe(order);
    expect(orderOf('rollout-1', 'mall-b', 'beacon-1')).not.toBe(order);
  });
});
