import type { BeaconDeviceDto, BeaconMetrics, BeaconPresence, JsonObject } from '#libs/contracts';

/** A registered beacon as it is stored. */
export interface DeviceRow {
  readonly entityId: string;
  readonly beaconId: string;
  readonly deviceId: string;
  readonly deviceType: string;
  readonly capabilities: readonly string[];
  readonly publicKey: string;
  readonly pendingKey: string | null;
  readonly approved: boolean;
  /** Of the beacon's own tokens; null before the first one. */
  readonly grantId: string | null;
  readonly firmwareVersion: string | null;
  readonly hardwareRevision: string | null;
  readonly locationJson: JsonObject | null;
  readonly registeredAt: Date | null;
  readonly presence: BeaconPresence;
  readonly status: string | null;
  readonly uptimeSeconds: number | null;
  readonly batteryPercent: number | null;
  readonly metricsJson: BeaconMetrics;
  readonly reportedAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One beacon of one entity. */
export interface DeviceKey {
  readonly entityId: string;
  readonly beaconId: string;
}

/** Text of a key for maps; ids hold no slash. */
export const keyOf = ({ entityId, beaconId }: DeviceKey): string => `${entityId}/${beaconId}`;

/** Items by the beacon that they belong to, each list in its order. */
export function byBeacon<T extends DeviceKey>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

export function toDeviceDto(row: DeviceRow): BeaconDeviceDto {
  return {
    beacon_id: row.beaconId,
    entity_id: row.entityId,
    device_id: row.deviceId,
    device_type: row.deviceType,
    capabilities: row.capabilities,
    approved: row.approved,
    key_change_pending: row.pendingKey !== null,
    firmware_version: row.firmwareVersion,
    hardware_revision: row.hardwareRevision,
    location: row.locationJson,
    presence: row.presence,
    status: row.status,
    uptime_seconds: row.uptimeSeconds,
    battery_percent: row.batteryPercent,
    metrics: row.metricsJson,
    reported_at: instant(row.reportedAt),
    last_seen_at: instant(row.lastSeenAt),
    registered_at: instant(row.registeredAt),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

export const instant = (at: Date | null): string | null => at?.toISOString() ?? null;
