import { isInstantText } from '../http/instant.field.js';
import { parseDuration, toTimeRange } from './interval.js';

const now = new Date('2026-11-20T12:00:00Z');

it('is the last hour unless told', () => {
  expect(toTimeRange({}, now)).toEqual({ from: '2026-11-20T11:00:00.000Z', to: '2026-11-20T12:00:00.000Z' });
  expect(toTimeRange({ to: '2026-11-01T01:00:00Z' }, now).from).toBe('2026-11-01T00:00:00.000Z');
});

it('A18 takes every ISO form; without a zone it is UTC', () => {
  const range = toTimeRange({ from: '2026-11-20T10:00:00.5+02:00', to: '2026-11-20T09:00:00' }, now);
  expect(range).toEqual({ from: '2026-11-20T08:00:00.500Z', to: '2026-11-20T09:00:00.000Z' });
  expect(toTimeRange({ from: '2026-11-20' }, now).from).toBe('2026-11-20T00:00:00.000Z');
});

it('holds nothing when it begins after now and has no end', () => {
  const from = '2026-11-20T12:00:05.000Z';
  expect(toTimeRange({ from }, now)).toEqual({ from, to: from });
});

it('refuses an interval that ends before it begins', () => {
  expect(() => toTimeRange({ from: '2026-11-21T00:00:00Z', to: '2026-11-20T00:00:00Z' }, now)).toThrow(
    expect.objectContaining({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'from', problems: expect.any(Array) }] },
    }) as Error,
  );
});

it.each(['', 'yesterday', '12', '1', '2026-13-01', '2026-11-20T25:00:00Z', 5, undefined, ['2026-11-20']])(
  '%p is no instant',
  (value) => {
    expect(isInstantText(value)).toBe(false);
  },
);

it.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['31d', 2_678_400_000],
  ['0s', undefined],
  ['32d', undefined],
  ['5', undefined],
  ['-5m', undefined],
  ['1.5h', undefined],
  ['5 m', undefined],
  ['5constructor', undefined],
])('%s is %p milliseconds', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs);
});
