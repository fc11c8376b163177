import { isRobotId, isTokenId, requireRobotId, requireTokenId } from './identifiers.js';

/** Subject templates of the robots documents; `{robotId}` is one token. */
export const ROBOT_SUBJECTS = {
  identity: 'robots.identity.{robotId}',
  capability: 'robots.capability.{robotId}',
  status: 'robots.status.{robotId}',
  telemetry: 'robots.telemetry.{robotId}',
  settingsReported: 'robots.settings.reported.{robotId}',
  settingsDesired: 'robots.settings.desired.{robotId}',
  command: 'robots.cmd.{robotId}',
  commandAck: 'robots.cmd.ack.{robotId}',
} as const;

export type RobotSubjectTemplate = (typeof ROBOT_SUBJECTS)[keyof typeof ROBOT_SUBJECTS];

const LIVE_PREFIX = 'live.';
const EVENTS_PREFIX = 'events.robots.';
const ORCHESTRATOR_PREFIX = 'orc.events.';
const MALL_PREFIX = 'events.malls.';

/** Fills a template with an id; refuses an id that is not one token. */
export function robotSubject(template: RobotSubjectTemplate, robotId: string): string {
  return template.replace('{robotId}', requireRobotId(robotId));
}

/** The template with `*` for the id: what a stream or consumer listens on. */
export function everyRobot(template: RobotSubjectTemplate): string {
  return template.replace('{robotId}', '*');
}

/** The robot that a subject speaks for, or `undefined` when the last token is no robot id. */
export function robotIdOf(subject: string): string | undefined {
  const token = subject.slice(subject.lastIndexOf('.') + 1);
  return isRobotId(token) ? token : undefined;
}

/** Where a domain event about a robot is published; `event` may hold dots, as in `identity.updated`. */
export function robotEventSubject(robotId: string, event: string): string {
  return `${EVENTS_PREFIX}${requireRobotId(robotId)}.${event}`;
}

/** Splits the subject of a domain event into robot and event. */
export function parseRobotEventSubject(subject: string): { robotId: string; event: string } | undefined {
  if (!subject.startsWith(EVENTS_PREFIX)) return undefined;
  const rest = subject.slice(EVENTS_PREFIX.length);
  const dot = rest.indexOf('.');
  const robotId = rest.slice(0, dot);
  return dot > 0 && isRobotId(robotId) ? { robotId, event: rest.slice(dot + 1) } : undefined;
}

/** All domain events, or those of one name, of one robot or of every robot. */
export function robotEventsFilter(robotId?: string, event = '>'): string {
  return `${EVENTS_PREFIX}${robotId === undefined ? '*' : requireRobotId(robotId)}.${event}`;
}

/** The stream of events that an entity's orchestrator reads (decision C10). */
export function orchestratorEventSubject(entityId: string): string {
  return `${ORCHESTRATOR_PREFIX}${requireTokenId(entityId, 'entity_id')}`;
}

/** Every entity's events. */
export const EVERY_ORCHESTRATOR_EVENT = `${ORCHESTRATOR_PREFIX}*`;

/** The entity whose orchestrator an event is for, or `undefined` when the subject is none. */
export function entityIdOf(subject: string): string | undefined {
  const entityId = subject.startsWith(ORCHESTRATOR_PREFIX) ? subject.slice(ORCHESTRATOR_PREFIX.length) : undefined;
  return isTokenId(entityId) ? entityId : undefined;
}

/** Where a domain event about a mall is published, for the people who watch it; `event` may hold dots. */
export function mallEventSubject(entityId: string, event: string): string {
  return `${MALL_PREFIX}${requireTokenId(entityId, 'entity_id')}.${event}`;
}

/** Splits the subject of a mall's domain event into entity and event. */
export function parseMallEventSubject(subject: string): { entityId: string; event: string } | undefined {
  if (!subject.startsWith(MALL_PREFIX)) return undefined;
  const rest = subject.slice(MALL_PREFIX.length);
  const dot = rest.indexOf('.');
  const entityId = rest.slice(0, dot);
  return dot > 0 && isTokenId(entityId) ? { entityId, event: rest.slice(dot + 1) } : undefined;
}

/** All domain events of one mall, or of every mall. */
export function mallEventsFilter(entityId?: string): string {
  return `${MALL_PREFIX}${entityId === undefined ? '*' : requireTokenId(entityId, 'entity_id')}.>`;
}

/** Where JetStream re-emits a stored message for whoever watches. */
export function liveSubject(subject: string): string {
  return `${LIVE_PREFIX}${subject}`;
}

/**
 * Where the registry says, before it answers the request, that a robot may or may not be commanded from now on; the body is
 * its id. Core NATS: it overtakes no request that is made after the answer, and whoever misses it asks again soon.
 */
export const DISPATCHABILITY_NOTICE = 'notices.robots.dispatchability';

/** Where a consumer's dead letters go, and where a re-driven one comes back to it. */
export const deadLetterSubject = (stream: string, durable: string): string => `dlq.${stream}.${durable}`;
export const redriveSubject = (stream: string, durable: string): string => `redrive.${stream}.${durable}`;
