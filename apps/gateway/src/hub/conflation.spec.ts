import fc from 'fast-check';
import type { Frame } from '../live/live.group.js';
import { Conflation } from './conflation.js';

const frame = (sequence: number, newestOf: string | undefined, source = 2): Frame => ({
  group: 'fleet',
  event: 'robot.telemetry.updated',
  body: {},
  eventId: String(sequence),
  source,
  sequence,
  sizeBytes: 1,
  newestOf,
});

it('keeps the newest of each robot in the order of their last change', () => {
  const conflation = new Conflation();
  for (const [n, key] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'a'],
    [4, 'c'],
  ] as const)
    expect(conflation.offer(frame(n, key))).toBe(true);
  expect(conflation.firstSequences()).toEqual(new Map([[2, 2]]));
  expect(conflation.drain().map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
  expect(conflation.isEmpty).toBe(true);
});

it('does not hold back what counts by itself', () => {
  expect(new Conflation().offer(frame(1, undefined))).toBe(false);
});

it('drains the last frame of every key, in rising order, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd')), (keys) => {
      const conflation = new Conflation();
      keys.forEach((key, index) => conflation.offer(frame(index + 1, key)));
      const first = conflation.firstSequences().get(2);
      const drained = conflation.drain();
      const lasts = [...new Set(keys)].map((key) => keys.lastIndexOf(key) + 1).sort((a, b) => a - b);
      expect(drained.map(({ sequence }) => sequence)).toEqual(lasts);
      expect(first).toBe(lasts[0]);
    }),
  );
});
