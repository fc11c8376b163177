import type { JsonObject } from './envelope.js';

/** `unknown` until the robot itself has said anything. */
export const PRESENCES = ['unknown', 'online', 'stale', 'offline'] as const;
export type Presence = (typeof PRESENCES)[number];

/** Instants in every DTO are ISO 8601 text, UTC, `Z`; `receivedAt` is the broker's clock. */
export interface RobotDto {
  readonly robotId: string;
  readonly displayName: string;
  readonly isEnabled: boolean;
  readonly tags: readonly string[] | null;
  readonly notes: string | null;
  readonly mapId: string | null;
  readonly homeStationId: string | null;
  readonly presence: Presence;
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly identity: RobotIdentitySummary | null;
  /** The capability payload as the robot sent it. */
  readonly capability: JsonObject | null;
  readonly reportedSettings: JsonObject | null;
}

export interface RobotIdentitySummary {
  readonly model: string | null;
  readonly vendor: string | null;
  readonly firmwareVersion: string | null;
  readonly serialNumber: string | null;
}

/** Identity, capability, reported settings, status and telemetry all have this one shape (ROB-044). */
export interface RobotReportDto {
  readonly robotId: string;
  readonly receivedAt: string;
  /** The payload of the robot's envelope, unchanged. */
  readonly payload: JsonObject;
}

/** A stored snapshot with its version, as the history lists it. */
export interface SnapshotDto extends RobotReportDto {
  readonly snapshotId: string;
  /** SHA-256 of the payload's canonical JSON, hex. */
  readonly contentHash: string;
  readonly firmwareVersion: string | null;
}

/** Omitted fields stay; `null` clears (decision B10). */
export interface RobotUpdate {
  readonly displayName?: string;
  readonly isEnabled?: boolean;
  readonly tags?: readonly string[] | null;
  readonly notes?: string | null;
  readonly mapId?: string | null;
  readonly homeStationId?: string | null;
}

export interface FleetQuery {
  readonly tag?: string;
  readonly presence?: Presence;
  /** Matches id, display name, model, vendor or serial number, ignoring case. */
  readonly text?: string;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface FleetPage {
  readonly robots: readonly RobotDto[];
  readonly next: string | null;
  readonly total: number;
}

/** Desired against reported, field by field; paths are JSON pointers. */
export interface SettingsDeltaDto {
  readonly robotId: string;
  readonly desired: JsonObject | null;
  readonly desiredAt: string | null;
  readonly desiredVersion: number;
  readonly reported: JsonObject | null;
  readonly reportedAt: string | null;
  /** What the robot has not applied: JSON pointer → both values. */
  readonly delta: Readonly<Record<string, { readonly desired: unknown; readonly reported: unknown }>>;
  readonly inSync: boolean;
}

/** What a device needs to connect; shown once. */
export interface DeviceCredentialsDto {
  readonly robotId: string;
  /** Text of a NATS .creds file. */
  readonly creds: string;
  readonly urls: readonly string[];
  readonly inboxPrefix: string;
  readonly stream: string;
  readonly consumer: string;
  readonly settingsConsumer: string;
  readonly issuedAt: string;
}
