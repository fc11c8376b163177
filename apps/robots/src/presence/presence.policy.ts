import { type Presence, ROBOT_EVENTS, robotEventSubject } from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';

/** Silence after which a robot is stale, and after which it is offline. */
export interface PresenceTimeouts {
  readonly staleAfterMs: number;
  readonly offlineAfterMs: number;
}

/** What we can know: nothing said up to `untilMs` is unheard, and since `sinceMs` robots could be heard without a break. */
export interface Hearing {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Robots last seen at or before these instants have been silent for too long; `null` while nobody can tell. */
export interface SilenceLimits {
  readonly staleBefore: Date | null;
  readonly offlineBefore: Date | null;
}

export interface PresenceTransition {
  readonly robotId: string;
  readonly presence: Presence;
  readonly previous: Presence;
  readonly lastSeenAt: Date;
  readonly at: Date;
}

/** Whoever was seen after this instant is online. An older message, worked off after an outage, proves nothing. */
export function onlineAfter(nowMs: number, { staleAfterMs }: PresenceTimeouts): Date {
  return new Date(nowMs - staleAfterMs);
}

/**
 * A silence counts only where it could have been broken: until we have listened for a timeout without a break, nobody
 * has been silent for it, so an outage of ours or of the broker moves no robot.
 */
export function silenceLimits({ sinceMs, untilMs }: Hearing, timeouts: PresenceTimeouts): SilenceLimits {
  const limit = (timeoutMs: number): Date | null =>
    untilMs - sinceMs >= timeoutMs ? new Date(untilMs - timeoutMs) : null;
  return { staleBefore: limit(timeouts.staleAfterMs), offlineBefore: limit(timeouts.offlineAfterMs) };
}

/**
 * What becomes of a robot that does not speak; silence never improves a state, and `unknown` is left only by those that
 * spoke once.
 */
export function presenceInSilence(current: Presence, lastSeenAt: Date | null, limits: SilenceLimits): Presence {
  const isBefore = (limit: Date | null): boolean => limit !== null && lastSeenAt !== null && lastSeenAt <= limit;
  if (isBefore(limits.offlineBefore)) return 'offline';
  return current !== 'offline' && isBefore(limits.staleBefore) ? 'stale' : current;
}

/** The event that tells a transition; a robot changes to one presence once per instant. */
export function presenceEvent({ robotId, presence, previous, lastSeenAt, at }: PresenceTransition): Outgoing {
  const { event } = ROBOT_EVENTS.presenceUpdated;
  return {
    subject: robotEventSubject(robotId, event),
    messageId: `${robotId}:${event}:${presence}:${at.getTime()}`,
    body: { robotId, presence, previous, lastSeenAt: lastSeenAt.toISOString(), at: at.toISOString() },
  };
}
