/** A UTC day as `YYYY-MM-DD`; days compare as text. */
export type Day = string;

const DAY_MS = 86_400_000;
const PARTITION = /^robot_telemetry_samples_p(\d{4})(\d{2})(\d{2})$/;

/** The day that an instant belongs to. */
export function dayOf(at: Date): Day {
  return at.toISOString().slice(0, 10);
}

/** The days that these instants belong to, each once. */
export function daysOf(instants: readonly Date[]): Day[] {
  const numbers = new Set(instants.map((at) => Math.floor(at.getTime() / DAY_MS)));
  return [...numbers].map((number) => dayOf(new Date(number * DAY_MS)));
}

/** The day `days` later, or earlier when negative. */
export function addDays(day: Day, days: number): Day {
  return dayOf(new Date(Date.parse(day) + days * DAY_MS));
}

/** Today and the days after it. */
export function daysFrom(today: Day, count: number): Day[] {
  return Array.from({ length: count }, (_, index) => addDays(today, index));
}

/** The first day that is kept; `undefined` when everything is. */
export function firstKeptDay(now: Date, retentionDays: number): Day | undefined {
  return retentionDays === 0 ? undefined : addDays(dayOf(now), -retentionDays);
}

/** Name of the partition that holds a day. */
export function partitionName(day: Day): string {
  return `robot_telemetry_samples_p${day.replaceAll('-', '')}`;
}

/** The day of a partition; `undefined` for a table of another name. */
export function dayOfPartition(name: string): Day | undefined {
  const [, year, month, dayOfMonth] = PARTITION.exec(name) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${dayOfMonth}`;
}
