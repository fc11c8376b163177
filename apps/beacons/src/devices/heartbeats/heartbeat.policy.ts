import type { BeaconHeartbeat, BeaconMetrics, BeaconPresence } from '#libs/contracts';
import type { DeviceKey, DeviceRow } from '../device.row.js';

/** A heartbeat as it arrived. */
export interface Arrival extends DeviceKey {
  readonly heartbeat: BeaconHeartbeat;
  /** The platform's clock. */
  readonly at: Date;
}

/** What of a beacon's row heartbeats change. */
export interface Vitals extends DeviceKey {
  readonly presence: BeaconPresence;
  readonly status: string | null;
  readonly uptimeSeconds: number | null;
  readonly batteryPercent: number | null;
  readonly firmwareVersion: string | null;
  readonly metricsJson: BeaconMetrics;
  readonly reportedAt: Date | null;
  readonly lastSeenAt: Date;
}

/** What a beacon's heartbeats change, one after the other: whoever speaks is online, and the newest report stays. */
export function afterHeartbeats(row: DeviceRow, arrivals: readonly Arrival[]): Vitals {
  return arrivals.reduce<Vitals>(
    (vitals, { heartbeat, at }) => {
      const seen = { ...vitals, presence: 'online' as const, lastSeenAt: at };
      const reportedAt = reportedAtOf(heartbeat, at);
      return vitals.reportedAt !== null && reportedAt < vitals.reportedAt
        ? seen
        : { ...seen, ...reported(heartbeat, vitals), reportedAt };
    },
    { ...row, lastSeenAt: row.lastSeenAt ?? new Date(0) },
  );
}

/** What others decide by, as opposed to readings. */
const LASTING = ['presence', 'status', 'firmwareVersion'] as const;

/** Whether heartbeats changed nothing but what every next one brings again. */
export function isReadingAlone(before: DeviceRow | undefined, now: Vitals): boolean {
  return LASTING.every((field) => before?.[field] === now[field]);
}

/** A beacon whose clock is ahead reports now: its next reports would never be newer otherwise. */
export function reportedAtOf({ timestamp }: BeaconHeartbeat, at: Date): Date {
  return new Date(Math.min(Date.parse(timestamp), at.getTime()));
}

function reported(heartbeat: BeaconHeartbeat, before: Vitals): Partial<Vitals> {
  return {
    status: heartbeat.status,
    uptimeSeconds: heartbeat.uptime_seconds,
    batteryPercent: heartbeat.battery_percent,
    firmwareVersion: heartbeat.firmware_version ?? before.firmwareVersion,
    metricsJson: heartbeat.metrics,
  };
}
