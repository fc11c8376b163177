/** What a firmware is for (navign's firmware records). */
export const FIRMWARE_DEVICE_TYPES = ['beacon', 'robot_upper', 'robot_lower'] as const;
export type FirmwareDeviceType = (typeof FIRMWARE_DEVICE_TYPES)[number];

export const FIRMWARE_CHANNELS = ['stable', 'beta', 'canary'] as const;
export type FirmwareChannel = (typeof FIRMWARE_CHANNELS)[number];

/** `all` offers at once to everybody; the others by the groups of a rollout (decision C26). */
export const ROLLOUT_STRATEGIES = ['all', 'canary', 'phased'] as const;
export type RolloutStrategy = (typeof ROLLOUT_STRATEGIES)[number];

export const FIRMWARE_PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;
export type FirmwarePriority = (typeof FIRMWARE_PRIORITIES)[number];

/** Where the update of a beacon stands (orchestrators.txt 4.4). */
export const FIRMWARE_STATUSES = [
  'downloading',
  'verifying',
  'installing',
  'success',
  'failed',
  'rolled_back',
] as const;
export type FirmwareStatus = (typeof FIRMWARE_STATUSES)[number];

export const FIRMWARE_ERRORS = [
  'download_failed',
  'checksum_mismatch',
  'insufficient_space',
  'incompatible_hardware',
  'boot_failed',
] as const;
export type FirmwareError = (typeof FIRMWARE_ERRORS)[number];

/** What separates one series of versions from another. */
export interface FirmwareLine {
  readonly target: string;
  readonly device_type: FirmwareDeviceType;
  readonly channel: FirmwareChannel;
}

/** What whoever publishes a firmware says about it. */
export interface FirmwareRelease extends FirmwareLine {
  /** Made from device type, version and channel when absent. */
  readonly firmware_id?: string;
  /** Semantic version. */
  readonly version: string;
  readonly release_notes: string | null;
  readonly changelog: readonly string[];
  /** Revisions of hardware that it runs on; empty: all of the target. */
  readonly compatible_hardware: readonly string[];
  readonly min_previous_version: string | null;
  readonly priority: FirmwarePriority;
  readonly rollout_strategy: RolloutStrategy;
  readonly fallback_url: string | null;
  readonly description: string | null;
  readonly git_commit: string | null;
}

/** A file in the object store. `checksum` is `sha256:` and 64 hex digits. */
export interface StoredFile {
  readonly object_name: string;
  readonly size_bytes: number;
  readonly checksum: string;
}

/** A firmware as everybody reads it: the fourteen documented fields (4.1) and what Muster adds. */
export interface FirmwareDto extends FirmwareLine {
  readonly firmware_id: string;
  readonly version: string;
  readonly release_date: string;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly download_url: string;
  readonly fallback_url: string;
  readonly release_notes: string | null;
  readonly changelog: readonly string[];
  readonly compatible_hardware: readonly string[];
  readonly min_previous_version: string | null;
  /** ECDSA P-256 over SHA-256 of the file, DER, base64 (decision C27). */
  readonly signature: string;
  readonly signing_key_id: string;
  readonly rollout_strategy: RolloutStrategy;
  readonly priority: FirmwarePriority;
  readonly rollout_id: string | null;
  readonly description: string | null;
  readonly git_commit: string | null;
  readonly withdrawn_at: string | null;
}

export interface FirmwarePage {
  readonly items: readonly FirmwareDto[];
  readonly next: string | null;
}

export interface FirmwareQuery extends Partial<FirmwareLine> {
  readonly version?: string;
  readonly latest_only?: boolean;
  readonly include_withdrawn?: boolean;
  readonly limit: number;
  readonly after?: string;
}

/** What a download needs to know. */
export interface FirmwareFileDto extends StoredFile {
  readonly firmware_id: string;
  readonly filename: string;
  readonly target: string;
  /** Null of a file that an entity cached and nobody promoted. */
  readonly version: string | null;
  readonly signature: string | null;
  readonly signing_key_id: string | null;
}

/** The steps from a version to the best one that can be reached; empty when there is nothing above. */
export interface FirmwarePathDto extends FirmwareLine {
  readonly from: string;
  readonly reaches: string | null;
  readonly steps: readonly {
    readonly firmware_id: string;
    readonly version: string;
    readonly min_previous_version: string | null;
    readonly download_url: string;
  }[];
}

export interface CachedFirmwareDto {
  readonly cached: true;
  readonly firmware_id: string;
  /** ISO instant (decision C24). */
  readonly expires_at: string;
}

/** A key that signs firmware, public half, as a JWK. */
export interface FirmwareKeyDto {
  readonly kid: string;
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
  /** The same key as SPKI PEM. */
  readonly pem: string;
}

/** What an orchestrator tells about the update of a beacon (4.4). */
export interface FirmwareReport {
  readonly firmware_id: string;
  readonly beacon_id: string;
  readonly status: FirmwareStatus;
  readonly rollout_id: string | null;
  readonly previous_version: string | null;
  readonly new_version: string | null;
  /** The device's clock; ISO, UTC. */
  readonly updated_at: string;
  readonly duration_seconds: number | null;
  readonly error: FirmwareError | null;
  readonly error_message: string | null;
}

/** A report as it is kept, newest first in a list. */
export interface FirmwareReportDto extends FirmwareReport {
  readonly entity_id: string;
  /** Which try of this beacon with this firmware; 1 is the first. */
  readonly attempt: number;
  /** Whether it moved the attempt on; an older or repeated one does not. */
  readonly applied: boolean;
  /** This platform's clock. */
  readonly received_at: string;
}

/** What a beacon is offered (6.1); whoever answers it adds where to download. */
export interface FirmwareOffer {
  readonly firmware_id: string;
  readonly version: string;
  readonly priority: FirmwarePriority;
  readonly rollout_id: string | null;
}

/** Data of the event `firmware_update` (2.2). */
export interface FirmwareUpdateEvent {
  /** E.g. `beacon_firmware`. */
  readonly type: string;
  readonly target: string;
  readonly version: string;
  readonly release_date: string;
  readonly firmware_id: string;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly download_url: string;
  readonly fallback_url: string;
  readonly priority: FirmwarePriority;
  readonly rollout_strategy: RolloutStrategy;
  readonly rollout_id?: string;
}
