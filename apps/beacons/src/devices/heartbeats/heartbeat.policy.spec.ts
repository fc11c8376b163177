import type { BeaconHeartbeat } from '#libs/contracts';
import type { DeviceRow } from '../device.row.js';
import { afterHeartbeats, isReadingAlone } from './heartbeat.policy.js';

const AT = new Date('2026-01-08T11:00:00Z');

const row = {
  entityId: 'mall-a',
  beaconId: 'beacon-1',
  presence: 'online',
  status: 'online',
  firmwareVersion: '0.1.8',
  metricsJson: {},
  reportedAt: null,
  lastSeenAt: null,
} as unknown as DeviceRow;

const after = (before: DeviceRow, more: Partial<BeaconHeartbeat>) =>
  afterHeartbeats(before, [
    {
      entityId: 'mall-a',
      beaconId: 'beacon-1',
      at: AT,
      heartbeat: {
        beacon_id: 'beacon-1',
        status: 'online',
        uptime_seconds: 10,
        battery_percent: 50,
        firmware_version: '0.1.8',
        metrics: { temperature_celsius: 20 },
        timestamp: AT.toISOString(),
        ...more,
      },
    },
  ]);

it('readings and the time of a heartbeat are repeated by the next one', () => {
  expect(isReadingAlone(row, after(row, {}))).toBe(true);
  expect(isReadingAlone(row, after(row, { firmware_version: null }))).toBe(true);
});

it.each<[string, DeviceRow, Partial<BeaconHeartbeat>]>([
  ['a return', { ...row, presence: 'offline' }, {}],
  ['another status', row, { status: 'low_battery' }],
  ['another firmware', row, { firmware_version: '0.2.0' }],
])('%s must last', (_what, before, more) => {
  expect(isReadingAlone(before, after(before, more))).toBe(false);
});
