import { flag, integer, list, settings } from '#libs/platform';

/** What the registry is told by its environment. */
export class RobotsSettings extends settings(
  {
    staleAfterMs: integer('PRESENCE_STALE_AFTER_MS', {
      default: 30_000,
      min: 100,
      max: 86_400_000,
      hint: 'milliseconds of silence after which a robot is stale',
    }),
    offlineAfterMs: integer('PRESENCE_OFFLINE_AFTER_MS', {
      default: 120_000,
      min: 200,
      max: 604_800_000,
      hint: 'milliseconds of silence after which a robot is offline, more than PRESENCE_STALE_AFTER_MS',
    }),
    snapshotsKept: integer('SNAPSHOTS_KEPT', {
      default: 1_000,
      min: 1,
      max: 1_000_000,
      hint: 'how many snapshots of identity, and of capability, to keep per robot; the newest is always kept',
    }),
    forwardMetadata: flag('ROBOTS_FORWARD_METADATA', {
      default: false,
      hint: 'on to tell a robot about changes of its metadata by a command',
    }),
    deviceUrls: list('DEVICE_NATS_URLS', {
      hint: 'the broker URLs that devices reach, separated by commas; NATS_URL when left out',
    }),
  },
  { ascending: ['staleAfterMs', 'offlineAfterMs'] },
) {}
