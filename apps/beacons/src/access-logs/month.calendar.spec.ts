import { firstKeptMonth, monthAfter, monthOfPartition, monthsOf, partitionName } from './month.calendar.js';

it('cuts months at midnight UTC, over the end of a year', () => {
  const instants = ['2026-11-30T23:59:59.999Z', '2026-12-01T00:00:00Z', '2026-12-31T12:00:00Z'].map((text) =>
    Date.parse(text),
  );
  expect(monthsOf(instants)).toEqual(['2026-11', '2026-12']);
  expect(monthAfter('2026-12')).toBe('2027-01');
  expect(monthAfter('2026-01')).toBe('2026-02');
});

it('keeps every month that holds a kept day', () => {
  expect(firstKeptMonth(Date.parse('2026-11-20T12:00:00Z'), 365)).toBe('2025-11');
  expect(firstKeptMonth(Date.parse('2026-11-20T12:00:00Z'), 1)).toBe('2026-11');
});

it('finds the month in a partition’s name and in no other name', () => {
  expect(monthOfPartition(partitionName('2026-11'))).toBe('2026-11');
  expect(monthOfPartition('access_logs_default')).toBeUndefined();
});
