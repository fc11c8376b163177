import { MAX_REPLY_BYTES } from '#libs/contracts';
import { planBuckets } from './bucket.plan.js';

const MINUTE_MS = 60_000;
const day = { from: '2026-11-20T00:00:30.000Z', to: '2026-11-21T00:00:00.000Z' };

it('asks once when the answer is small', () => {
  expect(planBuckets(day, 60 * MINUTE_MS, ['battery'])).toMatchObject({ parts: [day], bucketCount: 24 });
});

it('cuts where buckets begin, without gap or overlap, so that each reply fits', () => {
  const fields = Array.from({ length: 5 }, (_, n) => `some.rather.long.field.number.${n}`);
  const { parts, bucketCount } = planBuckets(day, MINUTE_MS, fields);
  expect(bucketCount).toBe(1_440);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts[0]!.from).toBe(day.from);
  expect(parts.at(-1)!.to).toBe(day.to);
  for (const [index, { from, to }] of parts.entries()) {
    if (index > 0) expect([from, Date.parse(from) % MINUTE_MS]).toEqual([parts[index - 1]!.to, 0]);
    const buckets = Math.ceil((Date.parse(to) - Date.parse(from)) / MINUTE_MS);
    const values = Object.fromEntries(fields.map((field) => [field, -Number.MIN_VALUE * 1.1 - Math.PI * 1e-300]));
    const bucket = { bucketStart: day.from, count: Number.MAX_SAFE_INTEGER, values };
    expect(buckets * (JSON.stringify(bucket).length + 1)).toBeLessThan(MAX_REPLY_BYTES);
  }
});

it('has a limit on buckets, and on values', () => {
  const week = { from: '2026-11-13T00:00:00.000Z', to: day.to };
  expect(planBuckets(week, 1_000, [])).toMatchObject({ bucketCount: 691_200, maxBuckets: 10_000 });
  expect(planBuckets(week, 1_000, Array.from('abcdefghij')).maxBuckets).toBe(5_000);
});

it('an empty interval needs no question', () => {
  expect(planBuckets({ from: day.to, to: day.to }, MINUTE_MS, []).parts).toEqual([]);
});
