import {
  type DataUpdate,
  type DataUpdatedEvent,
  MALL_EVENTS,
  mallEventSubject,
  type OrchestratorEventName,
  orchestratorEventSubject,
} from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';
import type { Announcement } from './announcement.repository.js';

const EVENT: OrchestratorEventName = 'data_update';

/** What an entity's orchestrator is told of a change, and what people are; ids are the same whoever tells it again. */
export function messagesOf(announcement: Announcement, checksum: string): readonly Outgoing[] {
  const { entityId, createdAt, seq, changedAt, changesJson } = announcement;
  const { areas, beacons, merchants, connections } = changesJson;
  const same = { entity_id: entityId, updated_at: changedAt.toISOString() };
  const data: DataUpdate = {
    type: 'entity_update',
    ...same,
    changes: { areas, beacons, merchants, connections },
    checksum,
  };
  const counts = {
    areas: areas.length,
    beacons: beacons.length,
    merchants: merchants.length,
    connections: connections.length,
  };
  const told: DataUpdatedEvent = { ...same, sequence: seq, changes: counts, checksum };
  const { event } = MALL_EVENTS.dataUpdated;
  const key = `${entityId}:${String(createdAt.getTime())}:${String(seq)}`;
  return [
    { subject: orchestratorEventSubject(entityId), messageId: `${EVENT}:${key}`, body: { event: EVENT, data } },
    { subject: mallEventSubject(entityId, event), messageId: `${event}:${key}`, body: told },
  ];
}
