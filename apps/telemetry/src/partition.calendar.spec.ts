import { addDays, dayOf, dayOfPartition, daysFrom, daysOf, firstKeptDay, partitionName } from './partition.calendar.js';

const noon = new Date('2026-02-28T12:00:00Z');

it('cuts days at midnight UTC', () => {
  expect(dayOf(new Date('2026-11-20T23:59:59.999Z'))).toBe('2026-11-20');
  expect(dayOf(new Date('2026-11-21T00:00:00.000Z'))).toBe('2026-11-21');
  expect(daysOf([noon, new Date('2026-02-28T23:00:00Z'), new Date('2026-03-01T00:00:00Z')])).toEqual([
    '2026-02-28',
    '2026-03-01',
  ]);
});

it('counts over months and leap days', () => {
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(daysFrom('2026-12-31', 3)).toEqual(['2026-12-31', '2027-01-01', '2027-01-02']);
});

it('keeps the current day and as many before it as the retention says, or all', () => {
  expect(firstKeptDay(noon, 30)).toBe('2026-01-29');
  expect(firstKeptDay(noon, 0)).toBeUndefined();
});

it('finds the day in a partition’s name and in no other name', () => {
  expect(dayOfPartition(partitionName('2026-11-20'))).toBe('2026-11-20');
  expect(dayOfPartition('robot_telemetry_samples_default')).toBeUndefined();
});
