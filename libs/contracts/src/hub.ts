import { isRobotId, isTokenId } from './identifiers.js';

/** Socket.IO namespace of the robots hub (decision A1). */
export const HUB_NAMESPACE = '/hubs/robots';

/** What a client says. Each is answered by acknowledgement, `{ok:true,…}` or `{ok:false,error}`, when it has one. */
export const HUB_MESSAGES = { join: 'join', leave: 'leave', updateRobot: 'robot.update' } as const;

/** What the server says beside the robot events. */
export const HUB_NOTICES = {
  /** The cursor cannot be continued: `{group, reason, eventId, snapshot}`; go on from `eventId`. */
  resyncRequired: 'resync_required',
  /** The client reads too slowly: `{group, lastEventId, message}`; the group was left, join again with the id. */
  tooSlow: 'too_slow',
  /** A message that was sent without an acknowledgement function was refused: `{on, code, message, details}`. */
  refused: 'error',
  /** The access token ran out or was revoked; the socket closes after it. */
  unauthorized: 'unauthorized',
} as const;

export const FLEET_GROUP = 'fleet';
const ROBOT_GROUP_PREFIX = 'robot:';
const ENTITY_GROUP_PREFIX = 'entity:';

export type HubGroup =
  | { readonly kind: 'fleet' }
  | { readonly kind: 'robot'; readonly robotId: string }
  | { readonly kind: 'entity'; readonly entityId: string };

/** Reads a group's name; `undefined` for a group that does not exist. */
export function parseGroup(name: unknown): HubGroup | undefined {
  if (name === FLEET_GROUP) return { kind: 'fleet' };
  const robotId = idIn(name, ROBOT_GROUP_PREFIX);
  if (isRobotId(robotId)) return { kind: 'robot', robotId };
  const entityId = idIn(name, ENTITY_GROUP_PREFIX);
  return isTokenId(entityId) ? { kind: 'entity', entityId } : undefined;
}

function idIn(name: unknown, prefix: string): string | undefined {
  return typeof name === 'string' && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

/** The name under which a robot's group is joined. */
export const robotGroup = (robotId: string): string => `${ROBOT_GROUP_PREFIX}${robotId}`;

/** The name under which a mall's group is joined. */
export const entityGroup = (entityId: string): string => `${ENTITY_GROUP_PREFIX}${entityId}`;

export const RESYNC_REASONS = ['cursor_unreadable', 'cursor_too_old', 'gap_too_large', 'cursor_foreign'] as const;
export type ResyncReason = (typeof RESYNC_REASONS)[number];
