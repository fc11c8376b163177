import type { DataUpdate } from './malls/entities.dto.js';
import { MALL_EVENTS, ORCHESTRATOR_NOTICES, type OrchestratorEventName } from './events.js';
import type { FirmwareUpdateEvent } from './malls/firmware.dto.js';
import { MALL_ROUTES, SOCKET_PATHS } from './malls/malls.routes.js';
import type { ConnectedNotice, ResyncRequiredNotice } from './malls/orchestrator-events.dto.js';
import type { TaskCancelEvent, TaskCreateEvent } from './malls/tasks.dto.js';

type Json = Readonly<Record<string, unknown>>;

const TEXT = { type: 'string' } as const;
const INTEGER = { type: 'integer' } as const;
const OBJECT = { type: 'object' } as const;
const INSTANT = { type: 'string', format: 'date-time' } as const;
const IDS = { type: 'array', items: TEXT } as const;
const CHECKSUM = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;
const PLACE = {
  type: ['object', 'null'],
  properties: { area_id: TEXT, coordinates: { type: ['object', 'null'], description: 'x, y, z in metres, floor' } },
} as const;

/** An object with all of these properties but the optional ones. */
function shape(properties: Json, ...optional: string[]): Json {
  return { type: 'object', required: Object.keys(properties).filter((name) => !optional.includes(name)), properties };
}

/** Every property of a type, checked by the compiler. */
type Fields<T> = Readonly<Record<keyof T, Json>>;

const DATA_UPDATE: Fields<DataUpdate> = {
  type: { const: 'entity_update' },
  entity_id: TEXT,
  updated_at: INSTANT,
  changes: shape({ areas: IDS, beacons: IDS, merchants: IDS, connections: IDS }),
  checksum: { ...CHECKSUM, description: 'of the whole mall after this change' },
};

const FIRMWARE_UPDATE: Fields<FirmwareUpdateEvent> = {
  type: { ...TEXT, examples: ['beacon_firmware'] },
  target: TEXT,
  version: TEXT,
  release_date: INSTANT,
  firmware_id: TEXT,
  size_bytes: INTEGER,
  checksum: CHECKSUM,
  download_url: TEXT,
  fallback_url: TEXT,
  priority: TEXT,
  rollout_strategy: { enum: ['all', 'canary', 'phased'] },
  rollout_id: { ...TEXT, description: 'of the rollout that the release began' },
};

const TASK_CREATE: Fields<TaskCreateEvent> = {
  task_id: TEXT,
  type: { ...TEXT, examples: ['delivery'] },
  entity_id: TEXT,
  priority: TEXT,
  source: PLACE,
  destination: PLACE,
  payload: OBJECT,
  created_at: INSTANT,
};

const TASK_CANCEL: Fields<TaskCancelEvent> = { task_id: TEXT, entity_id: TEXT, reason: TEXT, cancelled_at: INSTANT };

const CONNECTED: Fields<ConnectedNotice> = {
  connection_id: TEXT,
  server_time: INSTANT,
  last_event_id: { type: ['string', 'null'] },
};

const RESYNC_REQUIRED: Fields<ResyncRequiredNotice> = {
  reason: TEXT,
  entity_id: TEXT,
  offline_since: { type: ['string', 'null'], format: 'date-time' },
};

/** Event → its data (orchestrators.txt 2). */
const PAYLOADS: Readonly<Record<OrchestratorEventName, Json>> = {
  data_update: shape(DATA_UPDATE),
  firmware_update: shape(FIRMWARE_UPDATE, 'rollout_id'),
  task_create: shape(TASK_CREATE),
  task_cancel: shape(TASK_CANCEL),
  access_log_request: shape({ beacon_id: TEXT, since: INSTANT, request_id: TEXT }),
  config_update: shape({
    type: { ...TEXT, examples: ['robot_selection_params'] },
    config: OBJECT,
    version: { ...INTEGER, description: 'rises with each configuration of this type' },
  }),
};

const NOTICES: Readonly<Record<string, Json>> = {
  [ORCHESTRATOR_NOTICES.connected]: shape(CONNECTED),
  [ORCHESTRATOR_NOTICES.ping]: shape({ timestamp: INSTANT }),
  [ORCHESTRATOR_NOTICES.resyncRequired]: shape(RESYNC_REQUIRED),
};

const ORCHESTRATOR_MESSAGES: Readonly<Record<string, Json>> = { ...PAYLOADS, ...NOTICES };

/** Two addresses of one stream. */
const DOORS = {
  orchestratorEvents: {
    address: MALL_ROUTES.orchestratorsEvents.path,
    protocol: 'http',
    how: 'Server-Sent Events: `event`, `id` (`evt-<number>`) and one line of `data`. Last-Event-ID resumes.',
    wrap: (_name: string, data: Json): Json => data,
  },
  orchestratorSocket: {
    address: SOCKET_PATHS.orchestrators,
    protocol: 'ws',
    how: 'The same events with the same ids as WebSocket frames.',
    wrap: (name: string, data: Json): Json =>
      shape({
        type: { const: 'event' },
        event: { const: name },
        id: { ...TEXT, pattern: String.raw`^evt-\d+$` },
        data,
      }),
  },
} as const;

/** What people hear of malls: hub event → its fields beside `eventId`. */
export const MALL_HUB_EVENTS: readonly string[] = Object.values(MALL_EVENTS).map(({ hub }) => hub);

/** The servers, channels and operations of orchestrators. */
export function orchestratorsAsyncApi(): { servers: Json; channels: Json; operations: Json } {
  const doors = Object.entries(DOORS);
  return {
    servers: Object.fromEntries(
      doors.map(([name, { protocol }]) => [name, { host: 'localhost:3000', protocol, description: 'Bearer token' }]),
    ),
    channels: Object.fromEntries(
      doors.map(([name, { address, how, wrap }]) => [
        name,
        {
          address,
          title: 'Events of a mall',
          description: how,
          servers: [{ $ref: `#/servers/${name}` }],
          messages: Object.fromEntries(
            Object.entries(ORCHESTRATOR_MESSAGES).map(([event, data]) => [
              event,
              { name: event, contentType: 'application/json', payload: wrap(event, data) },
            ]),
          ),
        },
      ]),
    ),
    operations: Object.fromEntries(
      doors.map(([name]) => [
        `send${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${name}` },
          summary: 'Events go to the orchestrator of their entity alone.',
        },
      ]),
    ),
  };
}
