/** Before each try to reconnect the event stream; the last one again and again (orchestrators.txt 7.1). */
const RECONNECT_S = [5, 10, 20, 40, 60] as const;

/** Before each further try of a call: at once, then growing, five in all (9.3). */
export const RETRY_DELAYS_MS = [0, 1_000, 2_000, 4_000, 8_000] as const;

const MS = 1_000;

/** How long to wait before a reconnection, after `failures` tries that came to nothing. */
export function reconnectDelayMs(failures: number): number {
  const last = RECONNECT_S.length - 1;
  return (RECONNECT_S[Math.min(failures, last)] ?? 0) * MS;
}
