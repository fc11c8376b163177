/**
 * Domain events about robots: the name on the hub, and the tokens after `events.robots.<id>.` on the broker.
 * Telemetry and status reach the hub from their own streams and need no second copy in EVENTS.
 */
export const ROBOT_EVENTS = {
  registered: { hub: 'robot.registered', event: 'registered' },
  identityUpdated: { hub: 'robot.identity.updated', event: 'identity.updated' },
  capabilityUpdated: { hub: 'robot.capability.updated', event: 'capability.updated' },
  settingsUpdated: { hub: 'robot.settings.updated', event: 'settings.updated' },
  metaUpdated: { hub: 'robot.meta.updated', event: 'meta.updated' },
  presenceUpdated: { hub: 'robot.presence.updated', event: 'presence.updated' },
  commandAck: { hub: 'robot.command.ack', event: 'command.ack' },
  commandUpdated: { hub: 'robot.command.updated', event: 'command.updated' },
} as const;

export type RobotEventName = keyof typeof ROBOT_EVENTS;

/** Hub events that carry a robot's own stream rather than a domain event. */
export const STREAM_EVENTS = {
  telemetry: 'robot.telemetry.updated',
  status: 'robot.status.updated',
} as const;

/** Hub event of a broker event (`identity.updated` → `robot.identity.updated`); `undefined` when it is none. */
export function hubEventOf(event: string): string | undefined {
  return HUB_BY_EVENT.get(event);
}

const HUB_BY_EVENT: ReadonlyMap<string, string> = new Map(
  Object.values(ROBOT_EVENTS).map(({ event, hub }) => [event, hub]),
);

/** What an orchestrator is told, by the documents' names (orchestrators.txt 2). */
export const ORCHESTRATOR_EVENTS = [
  'data_update',
  'firmware_update',
  'task_create',
  'task_cancel',
  'access_log_request',
  'config_update',
] as const;
export type OrchestratorEventName = (typeof ORCHESTRATOR_EVENTS)[number];

/** What an event stream says about itself; only these have no place in the stream. */
export const ORCHESTRATOR_NOTICES = {
  connected: 'connected',
  ping: 'ping',
  resyncRequired: 'resync_required',
} as const;

/** Body of a message on an entity's event subject. */
export interface OrchestratorEvent {
  readonly event: OrchestratorEventName;
  /** The documents' payload, as it goes out. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Domain events about a mall for the people who watch it: the name on the hub, and the tokens on the broker. */
export const MALL_EVENTS = {
  orchestratorPresence: { hub: 'orchestrator.presence.updated', event: 'orchestrator.presence.updated' },
  taskUpdated: { hub: 'task.updated', event: 'task.updated' },
  beaconPresence: { hub: 'beacon.presence.updated', event: 'beacon.presence.updated' },
  beaconUpdated: { hub: 'beacon.updated', event: 'beacon.updated' },
  beaconRemoved: { hub: 'beacon.removed', event: 'beacon.removed' },
  rolloutUpdated: { hub: 'rollout.updated', event: 'rollout.updated' },
  dataUpdated: { hub: 'entity.data.updated', event: 'entity.data.updated' },
} as const;

export type MallEventName = keyof typeof MALL_EVENTS;

/** Hub event of a mall's domain event; `undefined` when it is none. */
export function mallHubEventOf(event: string): string | undefined {
  return MALL_HUB_BY_EVENT.get(event);
}

const MALL_HUB_BY_EVENT: ReadonlyMap<string, string> = new Map(
  Object.values(MALL_EVENTS).map(({ event, hub }) => [event, hub]),
);
