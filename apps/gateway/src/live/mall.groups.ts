import {
  entityGroup,
  mallEventsFilter,
  mallHubEventOf,
  MAX_JSON_DEPTH,
  nestsDeeperThan,
  parseMallEventSubject,
} from '#libs/contracts';
import type { LiveEvent, LiveGroup, LiveMessage } from './live.group.js';

/** What happens in one mall, for the people who watch it: its domain events. */
export function mallGroup(entityId: string): LiveGroup {
  const filter = mallEventsFilter(entityId);
  return { name: entityGroup(entityId), sources: [{ stream: 'EVENTS', filter, collapsible: false, read }] };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function read({ subject, data }: LiveMessage): LiveEvent | undefined {
  const name = mallHubEventOf(parseMallEventSubject(subject)?.event ?? '');
  if (name === undefined) return undefined;
  try {
    const text = utf8.decode(data);
    const payload: unknown = nestsDeeperThan(text, MAX_JSON_DEPTH) ? undefined : JSON.parse(text);
    return isObject(payload) ? { name, payload } : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
