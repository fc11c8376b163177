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
