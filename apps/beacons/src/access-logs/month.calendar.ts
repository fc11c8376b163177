/** A UTC month as `YYYY-MM`; months compare as text. */
export type Month = string;

const DAY_MS = 86_400_000;
const PARTITION = /^access_logs_p(\d{4})(\d{2})$/;

/** The month that an instant belongs to. */
export function monthOf(atMs: number): Month {
  return new Date(atMs).toISOString().slice(0, 7);
}

/** The months that these instants belong to, each once. */
export function monthsOf(instantsMs: Iterable<number>): readonly Month[] {
  const months = new Set<Month>();
  for (const atMs of instantsMs) months.add(monthOf(atMs));
  return [...months];
}

/** The month after. */
export function monthAfter(month: Month): Month {
  const [year, number] = month.split('-').map(Number);
  return monthOf(Date.UTC(year ?? 0, number ?? 0, 1));
}

/** The first month that holds anything that is kept. */
export function firstKeptMonth(nowMs: number, retentionDays: number): Month {
  return monthOf(nowMs - retentionDays * DAY_MS);
}

/** Name of the partition that holds a month. */
export function partitionName(month: Month): string {
  return `access_logs_p${month.replace('-', '')}`;
}

/** The month of a partition; `undefined` for a table of another name. */
export function monthOfPartition(name: string): Month | undefined {
  const [, year, month] = PARTITION.exec(name) ?? [];
  return year === undefined ? undefined : `${year}-${month}`;
}
