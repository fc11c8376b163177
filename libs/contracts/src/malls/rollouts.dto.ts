/** `preparing`: its devices are being counted. `halted`: a threshold stopped it and a person has to decide. */
export const ROLLOUT_STATUSES = [
  'preparing',
  'running',
  'paused',
  'halted',
  'finished',
  'aborted',
  'rolling_back',
  'rolled_back',
] as const;
export type RolloutStatus = (typeof ROLLOUT_STATUSES)[number];

/** Why a rollout stands where it stands. */
export const ROLLOUT_REASONS = ['error_threshold', 'success_threshold', 'by_person'] as const;
export type RolloutReason = (typeof ROLLOUT_REASONS)[number];

export const ROLLOUT_DEVICE_STATES = ['waiting', 'offered', 'updating', 'succeeded', 'failed', 'rolled_back'] as const;
export type RolloutDeviceState = (typeof ROLLOUT_DEVICE_STATES)[number];

/** How a rollout goes on; shares are 0 to 1, times are seconds. */
export interface RolloutPlanDto {
  /** Cumulative percent of the devices, rising, the last 100; at most 500 groups. */
  readonly groups: readonly number[];
  /** Share of a group that must have succeeded before the next one starts. */
  readonly success_threshold: number;
  /** More failures than this in one group halt the rollout: a number of devices, or a percent of the group. */
  readonly error_threshold: { readonly count: number } | { readonly percent: number };
  /** How long the success threshold must hold before the next group starts. */
  readonly soak_seconds: number;
  /** How long a device may be silent; silence is a failure. Each new phase of an update begins it anew. */
  readonly device_deadline_seconds: number;
  readonly retry: RolloutRetryDto;
}

export interface RolloutRetryDto {
  readonly max_retries: number;
  /** Before the first retry; doubled before each further one. */
  readonly backoff_seconds: number;
  /** Failures that are worth another try. */
  readonly errors: readonly string[];
}

export interface RolloutGroupDto {
  /** 1 for the first. */
  readonly group: number;
  readonly percent: number;
  readonly state: 'waiting' | 'running' | 'passed';
  /** State of a device → how many of this group are in it. */
  readonly devices: Readonly<Record<RolloutDeviceState, number>>;
}

export interface RolloutDto {
  readonly rollout_id: string;
  readonly firmware_id: string;
  readonly status: RolloutStatus;
  readonly reason: RolloutReason | null;
  readonly plan: RolloutPlanDto;
  /** 1 for the first; 0 while it is preparing. */
  readonly active_group: number;
  readonly groups: readonly RolloutGroupDto[];
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
}

export interface RolloutDeviceDto {
  readonly entity_id: string;
  readonly beacon_id: string;
  readonly group: number;
  readonly state: RolloutDeviceState;
  readonly attempts: number;
  readonly error: string | null;
  readonly previous_version: string | null;
  readonly updated_at: string;
}

export interface RolloutDevicePage {
  readonly devices: readonly RolloutDeviceDto[];
  readonly next: string | null;
}

export interface RolloutPage {
  readonly rollouts: readonly RolloutDto[];
  readonly next: string | null;
}

/** Parts of a plan that a caller chooses; the rest is the strategy's. */
export interface RolloutRequest {
  readonly firmware_id: string;
  readonly strategy?: 'canary' | 'phased' | 'all';
  readonly plan?: Partial<RolloutPlanDto>;
  /** Only devices of these entities; everyone's when absent. */
  readonly entity_ids?: readonly string[];
}

/** Who would get what: nothing is stored, offered or announced. */
export interface RolloutDryRunDto {
  readonly firmware_id: string;
  readonly version: string;
  readonly plan: RolloutPlanDto;
  readonly total_devices: number;
  readonly groups: readonly { readonly group: number; readonly percent: number; readonly devices: number }[];
  /** The first thousand, by group. */
  readonly devices: readonly {
    readonly entity_id: string;
    readonly beacon_id: string;
    readonly group: number;
    readonly from_version: string;
  }[];
  /** Why others would not get it → how many. */
  readonly left_out: Readonly<Record<string, number>>;
}
