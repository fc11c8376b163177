import { TokenBucket } from './token.bucket.js';

it('lets twice the rate through at once, then the rate', () => {
  const bucket = new TokenBucket(10, 0);
  const burst = Array.from({ length: 30 }, () => bucket.take(0)).filter(Boolean);
  expect(burst).toHaveLength(20);
  expect(bucket.refusedInARow).toBe(10);
  expect([100, 150, 200, 300].map((nowMs) => bucket.take(nowMs))).toEqual([true, false, true, true]);
  expect(bucket.refusedInARow).toBe(0);
});

it('gains nothing from a clock that goes back', () => {
  const bucket = new TokenBucket(1, 1_000);
  expect([1_000, 500, 400].map((nowMs) => bucket.take(nowMs))).toEqual([true, true, false]);
});
