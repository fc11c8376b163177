import {
  entityIdOf,
  MAX_JSON_DEPTH,
  nestsDeeperThan,
  ORCHESTRATOR_EVENTS,
  orchestratorEventSubject,
  type OrchestratorEvent,
  type StreamName,
} from '#libs/contracts';
import type { LiveEvent, LiveGroup, LiveMessage } from '../live/live.group.js';

export const EVENT_STREAM = 'ORCHESTRATOR_EVENTS' satisfies StreamName;
export const EVENT_STREAMS: readonly StreamName[] = [EVENT_STREAM];

/** What the frames of an entity's group carry beside their cursor. */
export interface EventPayload {
  readonly data: OrchestratorEvent['data'];
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
}

/** The events of one entity, in the order of the stream. */
export function orchestratorGroup(entityId: string): LiveGroup {
  const filter = orchestratorEventSubject(entityId);
  return { name: filter, sources: [{ stream: EVENT_STREAM, filter, collapsible: false, read: toLiveEvent }] };
}

/** Reads a stored message; undefined when it is no event of an entity. */
export function readEvent({ subject, data }: Pick<LiveMessage, 'subject' | 'data'>): OrchestratorEvent | undefined {
  if (entityIdOf(subject) === undefined) return undefined;
  try {
    const text = utf8.decode(data);
    const body: unknown = nestsDeeperThan(text, MAX_JSON_DEPTH) ? undefined : JSON.parse(text);
    return isEvent(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function toLiveEvent(message: LiveMessage): LiveEvent | undefined {
  const event = readEvent(message);
  if (!event) return undefined;
  const payload: EventPayload = { data: event.data, storedAtMs: message.receivedAt.getTime() };
  return { name: event.event, payload };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const names: ReadonlySet<unknown> = new Set(ORCHESTRATOR_EVENTS);

function isEvent(body: unknown): body is OrchestratorEvent {
  if (typeof body !== 'object' || body === null || !('event' in body) || !('data' in body)) return false;
  return names.has(body.event) && typeof body.data === 'object' && body.data !== null;
}
