import {
  decodeMessage,
  everyRobot,
  hubEventOf,
  MAX_JSON_DEPTH,
  nestsDeeperThan,
  parseRobotEventSubject,
  ROBOT_MESSAGES,
  ROBOT_SUBJECTS,
  robotEventsFilter,
  robotGroup,
  FLEET_GROUP,
  robotSubject,
  STREAM_EVENTS,
  type HubGroup,
} from '#libs/contracts';
import type { LiveEvent, LiveGroup, LiveMessage, LiveSource } from './live.group.js';
import { mallGroup } from './mall.groups.js';

/** What a group of the hub reads; a robot's and the fleet's: domain events, status and telemetry, in this order. */
export function liveGroupOf(group: HubGroup): LiveGroup {
  if (group.kind === 'entity') return mallGroup(group.entityId);
  const robotId = group.kind === 'robot' ? group.robotId : undefined;
  return {
    name: robotId === undefined ? FLEET_GROUP : robotGroup(robotId),
    sources: [eventsOf(robotId), reportsOf('status', robotId), reportsOf('telemetry', robotId)],
  };
}

/** One robot's status or telemetry. */
export function robotSourceOf(kind: 'status' | 'telemetry', robotId: string): LiveSource {
  return reportsOf(kind, robotId);
}

function eventsOf(robotId: string | undefined): LiveSource {
  return { stream: 'EVENTS', filter: robotEventsFilter(robotId), collapsible: false, read: readEvent };
}

function reportsOf(kind: 'status' | 'telemetry', robotId: string | undefined): LiveSource {
  const template = ROBOT_SUBJECTS[kind];
  return {
    stream: ROBOT_MESSAGES[kind].stream,
    filter: robotId === undefined ? everyRobot(template) : robotSubject(template, robotId),
    collapsible: true,
    read: (message) => readReport(kind, message),
  };
}

/** A robot's own message in the shape of every report: robotId, receivedAt, payload (ROB-044). */
function readReport(kind: 'status' | 'telemetry', { subject, data, receivedAt }: LiveMessage): LiveEvent | undefined {
  try {
    const { robotId, envelope } = decodeMessage(ROBOT_MESSAGES[kind], subject, data);
    const payload = { robotId, receivedAt: receivedAt.toISOString(), payload: envelope.payload };
    return { name: STREAM_EVENTS[kind], payload, newestOf: subject };
  } catch {
    // The owner of the stream dead-letters it with the reason; a client must not see it.
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A domain event: its body is the hub's payload as the owner published it. */
function readEvent({ subject, data }: LiveMessage): LiveEvent | undefined {
  const parsed = parseRobotEventSubject(subject);
  const name = parsed && hubEventOf(parsed.event);
  if (name === undefined) return undefined;
  try {
    const text = utf8.decode(data);
    const payload: unknown = nestsDeeperThan(text, MAX_JSON_DEPTH) ? undefined : JSON.parse(text);
    return isPayloadOf(payload, parsed?.robotId) ? { name, payload } : undefined;
  } catch {
    return undefined;
  }
}

function isPayloadOf(payload: unknown, robotId: string | undefined): payload is object {
  return typeof payload === 'object' && payload !== null && 'robotId' in payload && payload.robotId === robotId;
}
