import type { RolloutPlanDto, RolloutRequest } from '#libs/contracts';

/** What a rollout is steered by, in milliseconds. */
export interface RolloutPlan {
  /** Cumulative percent, rising, the last 100. */
  readonly groups: readonly number[];
  readonly successThreshold: number;
  readonly errorThreshold: { readonly count: number } | { readonly percent: number };
  readonly soakMs: number;
  readonly device: DevicePlan;
}

export interface DevicePlan {
  readonly deadlineMs: number;
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly retriedErrors: readonly string[];
}

const DAY_S = 86_400;

const COMMON = {
  success_threshold: 0.95,
  error_threshold: { percent: 10 },
  soak_seconds: 0,
  // Beacons are heard once an hour: a day is what a healthy one needs at most.
  device_deadline_seconds: DAY_S,
  retry: { max_retries: 2, backoff_seconds: 300, errors: ['download_failed', 'checksum_mismatch'] },
} as const;

/** Decision C26, and the staged rollout of the firmware's own project. */
export const STRATEGY_PLANS = {
  canary: { ...COMMON, groups: [5, 25, 100] },
  phased: { ...COMMON, groups: [10, 55, 100], soak_seconds: 12 * 3_600 },
  all: { ...COMMON, groups: [100] },
} as const satisfies Record<string, RolloutPlanDto>;

/** The strategy's plan with what the caller chose. */
export function planOf({ strategy = 'canary', plan = {} }: RolloutRequest): RolloutPlanDto {
  return { ...STRATEGY_PLANS[strategy], ...plan };
}

const MS = 1_000;

export function toRolloutPlan(dto: RolloutPlanDto): RolloutPlan {
  const { retry } = dto;
  return {
    groups: dto.groups,
    successThreshold: dto.success_threshold,
    errorThreshold: dto.error_threshold,
    soakMs: dto.soak_seconds * MS,
    device: {
      deadlineMs: dto.device_deadline_seconds * MS,
      maxRetries: retry.max_retries,
      backoffMs: retry.backoff_seconds * MS,
      retriedErrors: retry.errors,
    },
  };
}
