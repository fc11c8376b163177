import { type BeaconPresence, type BeaconPresenceEvent, MALL_EVENTS, mallEventSubject } from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';
import type { DeviceKey } from '../device.row.js';

const SHORTEST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;

/** Heartbeats could be heard from `since` to `until` without a break. */
export interface Hearing {
  readonly since: Date;
  readonly until: Date;
}

export interface PresenceTransition extends DeviceKey {
  readonly presence: BeaconPresence;
  readonly previous: BeaconPresence;
  readonly lastSeenAt: Date;
  readonly at: Date;
}

/** Silence after which a beacon is offline. */
export function offlineAfterMs(heartbeatSeconds: number, offlinePercent: number): number {
  return heartbeatSeconds * offlinePercent * 10;
}

/** A pause in which nobody listened and that still counts as none: longer than a restart takes, short beside the timeout. */
export function maxPauseMs(timeoutMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, timeoutMs / 4));
}

/** Goes on listening at `now`; a pause longer than `maxPauseMs`, in which nobody listened, begins anew. */
export function listenOn(hearing: Hearing | undefined, now: Date, pauseMs: number): Hearing {
  const isUnbroken = hearing !== undefined && now.getTime() - hearing.until.getTime() <= pauseMs;
  return { since: isUnbroken ? hearing.since : now, until: now };
}

/**
 * Whoever was last seen at or before this instant is offline; `null` while nobody can tell. Silence counts only where it
 * could have been broken, so that a stop of the platform makes no beacon offline.
 */
export function silentSince({ since, until }: Hearing, timeoutMs: number): Date | null {
  const limit = new Date(until.getTime() - timeoutMs);
  return since <= limit ? limit : null;
}

/** The event that tells a transition; a beacon changes to one presence once per instant. */
export function presenceEvent({
  entityId,
  beaconId,
  presence,
  previous,
  lastSeenAt,
  at,
}: PresenceTransition): Outgoing {
  const { event } = MALL_EVENTS.beaconPresence;
  const body: BeaconPresenceEvent = {
    entity_id: entityId,
    beacon_id: beaconId,
    presence,
    previous,
    last_seen_at: lastSeenAt.toISOString(),
    at: at.toISOString(),
  };
  return {
    subject: mallEventSubject(entityId, event),
    messageId: `${entityId}/${beaconId}:${event}:${presence}:${at.getTime()}`,
    body,
  };
}
