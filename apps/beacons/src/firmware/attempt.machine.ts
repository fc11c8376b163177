import type { FirmwareStatus } from '#libs/contracts';

/** One try of a beacon to take a firmware: where its update stands. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  readonly status: FirmwareStatus;
  /** When the beacon said so, its clock. */
  readonly atMs: number;
}

/** Reports of one attempt go up; an end can only be taken back. */
const RANK: Readonly<Record<FirmwareStatus, number>> = {
  downloading: 1,
  verifying: 2,
  installing: 3,
  success: 4,
  failed: 4,
  rolled_back: 5,
};
const OVER = RANK.success;

/**
 * The attempt after a report; undefined when the report changes nothing, because it is repeated or late. A later report that
 * does not fit into an attempt that is over begins the next one, and so does a download that begins again.
 */
export function attemptAfter(
  now: Attempt | undefined,
  { status, atMs }: { readonly status: FirmwareStatus; readonly atMs: number },
): Attempt | undefined {
  if (!now) return { number: 1, status, atMs };
  const isLater = atMs > now.atMs;
  if (status === 'rolled_back') return isTakenBack(now, atMs) ? { ...now, status, atMs } : undefined;
  if (RANK[now.status] < OVER && RANK[status] > RANK[now.status]) return { ...now, status, atMs };
  const beginsAnew =
    RANK[now.status] < OVER ? status === 'downloading' && now.status !== status : !isSameSuccess(now, status);
  return isLater && beginsAnew ? { number: now.number + 1, status, atMs } : undefined;
}

/** What is running or over is taken back by something that was said later. */
function isTakenBack({ status, atMs: saidAtMs }: Attempt, atMs: number): boolean {
  return status !== 'rolled_back' && (RANK[status] < OVER || atMs >= saidAtMs);
}

const isSameSuccess = (now: Attempt, status: FirmwareStatus): boolean =>
  now.status === 'success' && status === 'success';
