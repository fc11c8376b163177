import type { JsonObject } from '../robots/envelope.js';
import type { FirmwarePriority } from './firmware.dto.js';

/** `unknown` until its first heartbeat. */
export const BEACON_PRESENCES = ['unknown', 'online', 'offline'] as const;
export type BeaconPresence = (typeof BEACON_PRESENCES)[number];

/** What a heartbeat may tell a beacon to do. Clients ignore the types that they do not know. */
export const BEACON_COMMANDS = ['firmware_update', 'config_update', 'resync', 'restart'] as const;

/** What a beacon measures (ORC-061), in this order. */
export const BEACON_METRICS = [
  'unlock_attempts_24h',
  'successful_unlocks_24h',
  'failed_unlocks_24h',
  'temperature_celsius',
  'humidity_percent',
  'free_heap_bytes',
] as const;
export type BeaconMetrics = Readonly<Partial<Record<(typeof BEACON_METRICS)[number], number | null>>>;

export const ACCESS_RESULTS = ['success', 'failed'] as const;
export type AccessResult = (typeof ACCESS_RESULTS)[number];

export const UNLOCK_TYPES = ['ble', 'nfc', 'password', 'otp', 'biometrics'] as const;
export type UnlockType = (typeof UNLOCK_TYPES)[number];

/** A beacon as it introduces itself (orchestrators.txt 6.1). */
export interface BeaconRegistration {
  /** Hex, lower case. */
  readonly device_id: string;
  readonly device_type: string;
  readonly capabilities: readonly string[];
  /** P-256 as SPKI PEM. */
  readonly public_key: string;
  readonly firmware_version: string;
  readonly hardware_revision: string;
  readonly location: JsonObject | null;
  /** ISO, by the beacon's clock. */
  readonly registered_at: string | null;
}

export interface LatestFirmware {
  readonly firmware_id: string;
  readonly version: string;
  /** On the orchestrator (decision C28). */
  readonly download_url: string;
}

export interface BeaconRegistered {
  readonly beacon_id: string;
  readonly entity_id: string;
  readonly approved: boolean;
  readonly sync_interval_seconds: number;
  readonly firmware_update_available: boolean;
  readonly latest_firmware: LatestFirmware | null;
}

/** A sign of life (6.2). */
export interface BeaconHeartbeat {
  readonly beacon_id: string;
  readonly status: string;
  readonly uptime_seconds: number | null;
  readonly battery_percent: number | null;
  readonly firmware_version: string | null;
  readonly metrics: BeaconMetrics;
  /** ISO, by the beacon's clock. */
  readonly timestamp: string;
}

/** `firmware_id` and `priority` belong to `firmware_update`; queued commands have a `command_id` that repeats share. */
export interface BeaconCommand {
  readonly type: string;
  readonly command_id?: string;
  readonly firmware_id?: string;
  readonly priority?: FirmwarePriority;
  readonly [parameter: string]: unknown;
}

export interface BeaconHeartbeatAnswer {
  readonly acknowledged: true;
  readonly next_heartbeat_seconds: number;
  readonly commands: readonly BeaconCommand[];
}

/** A command that waits for the heartbeats of a beacon. */
export interface QueuedBeaconCommand {
  readonly command_id: string;
  readonly beacon_id: string;
  readonly command: BeaconCommand;
  readonly queued_by: string;
  readonly queued_at: string;
  /** When it was first in an answer to a heartbeat. */
  readonly sent_at: string | null;
  readonly expires_at: string;
}

/** A registered beacon as people see it. */
export interface BeaconDeviceDto {
  readonly beacon_id: string;
  readonly entity_id: string;
  readonly device_id: string;
  readonly device_type: string;
  readonly capabilities: readonly string[];
  readonly approved: boolean;
  /** Whether it came back with another key, which approving it would pin. */
  readonly key_change_pending: boolean;
  readonly firmware_version: string | null;
  readonly hardware_revision: string | null;
  readonly location: JsonObject | null;
  readonly presence: BeaconPresence;
  /** As it said in its newest heartbeat. */
  readonly status: string | null;
  readonly uptime_seconds: number | null;
  readonly battery_percent: number | null;
  readonly metrics: BeaconMetrics;
  /** The beacon's own clock, of the newest heartbeat. */
  readonly reported_at: string | null;
  /** The platform's clock. */
  readonly last_seen_at: string | null;
  readonly registered_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface BeaconDeviceDetail extends BeaconDeviceDto {
  readonly public_key: string;
  readonly pending_public_key: string | null;
  readonly commands: readonly QueuedBeaconCommand[];
}

export interface BeaconDevicePage {
  readonly devices: readonly BeaconDeviceDto[];
  readonly next: string | null;
  readonly total: number;
}

/** Payload of the domain event of a presence. */
export interface BeaconPresenceEvent {
  readonly entity_id: string;
  readonly beacon_id: string;
  readonly presence: BeaconPresence;
  readonly previous: BeaconPresence;
  readonly last_seen_at: string;
  readonly at: string;
}

/** What became of a batch of access logs (6.3). */
export interface AccessLogReceipt {
  readonly acknowledged: true;
  readonly batch_id: string;
  readonly stored: number;
  readonly duplicates: number;
}

/** One row of a search. */
export interface AccessLogDto {
  readonly log_id: string;
  readonly beacon_id: string;
  /** The beacon's clock. */
  readonly timestamp: string;
  readonly user_id: string | null;
  readonly device_id: string | null;
  readonly result: AccessResult;
  readonly method: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
  readonly batch_id: string;
  readonly received_at: string;
}

export interface AccessLogPage {
  readonly logs: readonly AccessLogDto[];
  readonly next: string | null;
}

export interface AccessLogFilter {
  readonly entity_id: string;
  readonly beacon_id?: string;
  readonly user_id?: string;
  readonly device_id?: string;
  readonly result?: AccessResult;
  readonly method?: string;
  /** ISO; from is included, to is not. */
  readonly from?: string;
  readonly to?: string;
}

export interface AccessLogRequestDto {
  readonly request_id: string;
  readonly entity_id: string;
  readonly beacon_id: string;
  readonly since: string;
  readonly status: 'open' | 'fulfilled';
  readonly created_by: string;
  readonly created_at: string;
  readonly fulfilled_at: string | null;
  /** Of the uploads that named the request. */
  readonly batches: number;
  readonly stored: number;
  readonly duplicates: number;
}

/** The key with which access logs are encrypted before upload (decision C16). */
export interface AccessLogKeyDto {
  readonly key_id: string;
  readonly algorithm: 'RSA-OAEP-SHA256+AES-256-GCM';
  /** SPKI PEM. */
  readonly public_key: string;
  readonly jwk: JsonObject;
}

/** A nonce to sign; see `beacon-auth.ts` for the bytes. */
export interface BeaconChallengeDto {
  /** 16 bytes in hex. */
  readonly nonce: string;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly algorithm: 'ECDSA-P256-SHA256';
}

/** With it a phone shows a beacon that the platform let it in. */
export interface UnlockChallengeDto {
  readonly unlock_id: string;
  readonly beacon_id: string;
  readonly nonce: string;
  readonly timestamp: number;
  readonly expires_at: number;
  /** r‖s in base64. */
  readonly server_signature: string;
  readonly key_id: string;
}

/** The public key of `server_signature`. */
export interface BeaconKeyDto {
  readonly key_id: string;
  readonly algorithm: 'ECDSA-P256-SHA256';
  /** SPKI PEM. */
  readonly public_key: string;
  readonly jwk: JsonObject;
}
