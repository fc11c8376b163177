import { type AccessLog, MusterError } from '#libs/contracts';

const DAY_MS = 86_400_000;
/** A beacon's clock may be this far ahead. */
const MAX_AHEAD_MS = DAY_MS;

/**
 * Refuses logs of times that nobody keeps: older than the retention, or more than a day ahead of the platform's clock.
 * @throws MusterError `VALIDATION_FAILED` with the path of each.
 */
export function requireStorableTimes(logs: readonly AccessLog[], nowMs: number, retentionDays: number): void {
  const fields = logs.flatMap(({ at_ms: atMs }, index) => {
    const problem = problemOf(atMs, nowMs, retentionDays);
    return problem === undefined ? [] : [{ field: `logs[${index}].timestamp`, problems: [problem] }];
  });
  if (fields.length === 0) return;
  const message = fields.map(({ field, problems }) => `${field} ${problems[0]}`).join('; ');
  throw new MusterError('VALIDATION_FAILED', `${message}.`, { fields });
}

function problemOf(atMs: number, nowMs: number, retentionDays: number): string | undefined {
  if (atMs < nowMs - retentionDays * DAY_MS) return `is older than the ${retentionDays} days that are kept`;
  return atMs > nowMs + MAX_AHEAD_MS ? 'is more than a day ahead' : undefined;
}
