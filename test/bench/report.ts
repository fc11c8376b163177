import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One line of the bench: our figure, the limit measured in the same run, and the ratio between them. */
export interface Line {
  readonly name: string;
  readonly ours: number;
  /** What the figure would be with nothing of Muster in the way; absent where there is no such thing. */
  readonly limit?: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean;
  /** What was measured, in one sentence. */
  readonly how: string;
}

/** Quantiles of a list of durations in milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** Sorts once and reads the quantiles off. */
export function quantilesOf(durationsMs: readonly number[]): Quantiles {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1), count: sorted.length };
}

/** Prints the table and writes it as JSON. */
export function report(lines: readonly Line[], file: string): void {
  const rows = lines.map((line) => [
    line.name,
    number(line.ours),
    line.limit === undefined ? '' : number(line.limit),
    line.limit === undefined ? '' : (line.ours / line.limit).toFixed(2),
    line.unit,
    line.goal,
    line.met ? 'yes' : 'NO',
  ]);
  const head = ['line', 'ours', 'limit', 'ratio', 'unit', 'goal', 'met'];
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const print = (cells: readonly string[]): void =>
    console.log(cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  console.log('');
  print(head);
  print(widths.map((width) => '-'.repeat(width)));
  for (const row of rows) print(row);
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memoryBytes: totalmem(), node: process.version };
  writeFileSync(file, JSON.stringify({ at: new Date().toISOString(), machine, lines }, undefined, 2));
  console.log(`\nwritten to ${file}`);
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
