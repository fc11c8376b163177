import {
  MALL_EVENTS,
  mallEventSubject,
  RATE_LIMITS,
  type OrchestratorPresence,
  type OrchestratorPresenceEvent,
} from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';

/** The part of an interval after which the next heartbeat may come (decision C6). */
const TOLERATED_PART = 0.9;

/** Since when, and until when, heartbeats could be heard without a break. */
export interface Hearing {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface Silence {
  readonly lastHeartbeatMs: number;
  readonly intervalS: number;
  readonly missedHeartbeats: number;
}

/**
 * Whether an orchestrator is gone. Silence counts only where it could have been broken: after an outage of ours nobody is
 * offline before everybody had the whole time to be heard.
 */
export function isGone({ lastHeartbeatMs, intervalS, missedHeartbeats }: Silence, hearing: Hearing): boolean {
  const allowedMs = intervalS * missedHeartbeats * 1000;
  return hearing.untilMs - Math.max(lastHeartbeatMs, hearing.sinceMs) >= allowedMs;
}

/**
 * Milliseconds that a heartbeat came too early; 0 when it is in time. The documents' minute is the longest wait, and a shorter
 * interval shortens it.
 */
export function earlyByMs(acceptedMs: number | null, intervalS: number, nowMs: number): number {
  if (acceptedMs === null) return 0;
  const apartMs = Math.min(RATE_LIMITS.heartbeat.windowS, intervalS * TOLERATED_PART) * 1000;
  return Math.max(0, acceptedMs + apartMs - nowMs);
}

export interface PresenceTransition {
  readonly entityId: string;
  readonly assignedId: string;
  readonly presence: OrchestratorPresence;
  readonly previous: OrchestratorPresence;
  readonly lastHeartbeatAt: Date;
  readonly at: Date;
}

/** The event that tells a transition; an orchestrator changes to one presence once per instant. */
export function presenceEvent(transition: PresenceTransition): Outgoing {
  const { entityId, assignedId, presence, previous, lastHeartbeatAt, at } = transition;
  const { event } = MALL_EVENTS.orchestratorPresence;
  const body: OrchestratorPresenceEvent = {
    entity_id: entityId,
    assigned_id: assignedId,
    presence,
    previous,
    last_heartbeat_at: lastHeartbeatAt.toISOString(),
    at: at.toISOString(),
  };
  return {
    subject: mallEventSubject(entityId, event),
    messageId: `${assignedId}:${event}:${presence}:${at.getTime()}`,
    body,
  };
}
