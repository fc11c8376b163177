import { flag, integer, settings } from '#libs/platform';

/** What the beacons are told by their environment. */
export class DevicesSettings extends settings({
  heartbeatSeconds: integer('BEACON_HEARTBEAT_SECONDS', {
    default: 3_600,
    min: 1,
    max: 86_400,
    hint: 'seconds between two heartbeats of a beacon',
  }),
  offlinePercent: integer('BEACON_OFFLINE_PERCENT', {
    default: 250,
    min: 110,
    max: 10_000,
    hint: 'the silence after which a beacon is offline, in percent of its heartbeat interval',
  }),
  devicesPerEntity: integer('BEACONS_PER_ENTITY', {
    default: 2_000,
    min: 1,
    max: 1_000_000,
    hint: 'how many beacons one entity may register',
  }),
  needsApproval: flag('BEACON_MANUAL_APPROVAL', {
    default: false,
    hint: 'on when a person approves every new beacon; one that comes back with another key always waits for that',
  }),
}) {}
