import { readFileSync } from 'node:fs';

/** What a process holds in memory, bytes (Linux). */
export function residentBytes(pid: number | undefined): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1_024;
}

/** Looks every 50 ms while something runs, and answers the most that the process held. */
export async function peakBytesWhile(pid: number | undefined, run: () => Promise<unknown>): Promise<number> {
  let peak = residentBytes(pid);
  const timer = setInterval(() => (peak = Math.max(peak, residentBytes(pid))), 50);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  return peak;
}
