import { RATE_LIMITS, type RateLimitName } from '#libs/contracts';
import { integer, settings, type Variable } from '#libs/platform';

/** Limits that belong to routes; the others of `RATE_LIMITS` are kept by what they protect. */
export const ROUTE_LIMITS = ['syncDelta', 'firmwareStatus', 'tasks', 'beacons'] as const satisfies RateLimitName[];
export type RouteLimitName = (typeof ROUTE_LIMITS)[number];

const perMinute = (name: string, limit: RouteLimitName, what: string): Variable<number> =>
  integer(name, {
    default: RATE_LIMITS[limit].points,
    min: 1,
    max: 10_000_000,
    hint: `${what} a minute of one caller, over all replicas (orchestrators.txt 8.4)`,
  });

/** How often devices may call, beside what AuthSettings says of people and API keys. */
export class LimitSettings extends settings({
  syncDelta: perMinute('RATE_LIMIT_SYNC_DELTA_PER_MINUTE', 'syncDelta', 'delta syncs'),
  firmwareStatus: perMinute('RATE_LIMIT_FIRMWARE_STATUS_PER_MINUTE', 'firmwareStatus', 'firmware status reports'),
  tasks: perMinute('RATE_LIMIT_TASKS_PER_MINUTE', 'tasks', 'task reports of all kinds together'),
  beacons: perMinute('RATE_LIMIT_BEACONS_PER_MINUTE', 'beacons', 'beacon requests of all kinds together'),
  machineRequestsPerMinute: integer('RATE_LIMIT_MACHINE_PER_MINUTE', {
    default: 6_000,
    min: 1,
    max: 10_000_000,
    hint: 'requests a minute of one orchestrator, beacon or robot on all routes, over all replicas',
  }),
}) {}
