import { limited, route, type Route } from '../route.js';

const ORCHESTRATORS = '/api/orchestrators';
const ENTITIES = '/api/v1/entities';
const ENTITY = `${ENTITIES}/:entityId`;
const RECORDS = `${ENTITY}/:collection`;
const DEVICES = `${ENTITY}/beacon-devices`;
const TASKS = '/api/tasks';
const FIRMWARE = '/api/firmware';
const FIRMWARES = '/api/firmwares';
const ROLLOUTS = '/api/v1/rollouts';

/** Raw WebSockets; whoever may open one is decided at its upgrade. */
export const SOCKET_PATHS = { orchestrators: `${ORCHESTRATORS}/ws` } as const;

/** Routes of malls: orchestrators, their records, tasks, beacons and firmware (orchestrators.txt). */
export const MALL_ROUTES = {
  orchestratorsRegister: route(
    'POST',
    `${ORCHESTRATORS}/register`,
    'Public',
    'Register an orchestrator by a signed body',
  ),
  orchestratorsRefreshToken: route(
    'POST',
    `${ORCHESTRATORS}/token/refresh`,
    'LastToken',
    'A new token for one that ends soon, or ended within a day',
  ),
  orchestratorsEvents: route(
    'GET',
    `${ORCHESTRATORS}/events`,
    'Orchestrator',
    'Events of the entity as Server-Sent Events; Last-Event-ID resumes',
  ),
  orchestratorsEventsAppended: route(
    'GET',
    `${ORCHESTRATORS}/events${ORCHESTRATORS}/events`,
    'Orchestrator',
    'The same stream, for clients that append the path to the URL from their registration',
  ),
  orchestratorsAckEvent: route(
    'POST',
    `${ORCHESTRATORS}/events/:eventId/ack`,
    'Orchestrator',
    'Say how an event was taken',
  ),
  orchestratorsSyncFull: route('GET', `${ORCHESTRATORS}/sync/full`, 'Orchestrator', 'All records of the entity'),
  orchestratorsSyncDelta: limited(
    'syncDelta',
    route('GET', `${ORCHESTRATORS}/sync/delta`, 'Orchestrator', 'Changes since a cursor or an instant'),
  ),
  orchestratorsSyncChecksum: route(
    'GET',
    `${ORCHESTRATORS}/sync/checksum`,
    'Orchestrator',
    'Checksums of the collections and of all',
  ),
  orchestratorsHeartbeat: route(
    'POST',
    `${ORCHESTRATORS}/heartbeat`,
    'Orchestrator',
    'Sign of life with metrics; answers commands',
  ),
  orchestratorsBatch: route(
    'POST',
    `${ORCHESTRATORS}/batch`,
    'Orchestrator',
    'Up to 100 queued reports, each with its result',
  ),
  orchestratorsAssignTask: limited(
    'tasks',
    route('POST', `${ORCHESTRATORS}/tasks/assign`, 'Orchestrator', 'Report which robot has a task'),
  ),
  orchestratorsTaskStatus: limited(
    'tasks',
    route('POST', `${ORCHESTRATORS}/tasks/status`, 'TaskReporter', 'Report the status of one task or of up to 100'),
  ),
  orchestratorsCompleteTask: limited(
    'tasks',
    route('POST', `${ORCHESTRATORS}/tasks/complete`, 'TaskReporter', 'Report how a task ended'),
  ),
  orchestratorsUploadLogs: limited(
    'beacons',
    route('POST', `${ORCHESTRATORS}/logs/upload`, 'Beacon', 'Upload access logs, also in answer to a request'),
  ),
  beaconsRegister: limited(
    'beacons',
    route('POST', `${ORCHESTRATORS}/beacons/register`, 'Beacon', 'Register a beacon'),
  ),
  beaconsHeartbeat: limited(
    'beacons',
    route('POST', `${ORCHESTRATORS}/beacons/heartbeat`, 'Beacon', 'Sign of life of a beacon; answers commands'),
  ),
  beaconsAccessLogs: limited(
    'beacons',
    route('POST', `${ORCHESTRATORS}/beacons/access-logs`, 'Beacon', 'Upload up to 100 access logs'),
  ),
  firmwareCache: route(
    'POST',
    `${ORCHESTRATORS}/firmware/cache`,
    'Orchestrator',
    'Upload a firmware that came another way',
  ),
  firmwareStatus: limited(
    'firmwareStatus',
    route('POST', `${ORCHESTRATORS}/firmware/status`, 'Orchestrator', 'Report the update of a beacon'),
  ),
  beaconsChallenge: route('POST', '/api/beacons/challenge', 'Public', 'A nonce for a beacon to sign'),
  beaconsToken: route('POST', '/api/beacons/token', 'Public', 'Exchange a signed nonce for a beacon’s token'),

  firmwareLatest: route('GET', `${FIRMWARE}/latest`, 'FirmwareReader', 'The newest firmware of a target and channel'),
  firmwarePath: route('GET', `${FIRMWARE}/path`, 'FirmwareReader', 'The steps from a version to the newest one'),
  firmwareGet: route('GET', `${FIRMWARE}/:firmwareId`, 'FirmwareReader', 'One firmware'),
  firmwareDownload: route('GET', `${FIRMWARE}/:firmwareId/download`, 'FirmwareReader', 'The file, whole or in ranges'),
  firmwaresUpload: route('POST', `${FIRMWARES}/upload`, 'Admin', 'Publish a firmware'),
  firmwaresList: route('GET', FIRMWARES, 'FirmwareReader', 'List firmware, newest first'),
  firmwaresLatest: route('GET', `${FIRMWARES}/latest/:device`, 'FirmwareReader', 'The newest firmware of a device'),
  firmwaresGet: route('GET', `${FIRMWARES}/:firmwareId`, 'FirmwareReader', 'One firmware'),
  firmwaresDownload: route(
    'GET',
    `${FIRMWARES}/:firmwareId/download`,
    'FirmwareReader',
    'The file, whole or in ranges',
  ),
  firmwaresReports: route(
    'GET',
    `${FIRMWARES}/:firmwareId/reports`,
    'Viewer',
    'What was reported of updates to it, newest first',
  ),
  firmwaresPromote: route(
    'POST',
    `${FIRMWARES}/:firmwareId/promote`,
    'Admin',
    'Offer a cached firmware to every entity',
  ),
  firmwaresWithdraw: route('DELETE', `${FIRMWARES}/:firmwareId`, 'Admin', 'Offer a firmware no more'),
  firmwareKeys: route('GET', '/.well-known/firmware-keys.json', 'Public', 'Public keys of the firmware signatures'),
  beaconKeys: route('GET', '/.well-known/beacon-keys.json', 'Public', 'Public key of the unlock challenges'),
  accessLogKey: route('GET', '/.well-known/access-log-key.json', 'Public', 'Public key for encrypted access logs'),

  rolloutsCreate: route('POST', ROLLOUTS, 'Operator', 'Start a staged rollout of a firmware'),
  rolloutsPlan: route('POST', `${ROLLOUTS}/dry-run`, 'Operator', 'Who would get what, in which group'),
  rolloutsList: route('GET', ROLLOUTS, 'Viewer', 'List rollouts, newest first'),
  rolloutsGet: route('GET', `${ROLLOUTS}/:rolloutId`, 'Viewer', 'A rollout with its groups'),
  rolloutsDevices: route('GET', `${ROLLOUTS}/:rolloutId/devices`, 'Viewer', 'Devices of a rollout, page by page'),
  rolloutsPause: route('POST', `${ROLLOUTS}/:rolloutId/pause`, 'Operator', 'Offer to nobody new'),
  rolloutsResume: route('POST', `${ROLLOUTS}/:rolloutId/resume`, 'Operator', 'Go on after a pause or a halt'),
  rolloutsAbort: route('POST', `${ROLLOUTS}/:rolloutId/abort`, 'Operator', 'End it for good'),
  rolloutsRetry: route('POST', `${ROLLOUTS}/:rolloutId/retry`, 'Operator', 'Offer again to devices that failed'),
  rolloutsRollBack: route(
    'POST',
    `${ROLLOUTS}/:rolloutId/rollback`,
    'Operator',
    'Bring updated devices back to their version before',
  ),

  tasksCreate: route('POST', TASKS, 'TaskAuthor', 'Order a task in a mall'),
  tasksList: route('GET', TASKS, 'TaskReader', 'List tasks, newest first'),
  tasksAnalytics: route('GET', `${TASKS}/analytics`, 'Viewer', 'Success rate and durations by robot or day'),
  tasksGet: route('GET', `${TASKS}/:taskId`, 'TaskReader', 'A task with its history'),
  tasksTrack: route('GET', '/tasks/:taskId/track', 'TaskReader', 'Where a task stands'),
  tasksCancel: route('POST', `${TASKS}/:taskId/cancel`, 'TaskAuthor', 'Cancel a task that is not over'),

  entitiesCreate: route('POST', ENTITIES, 'Admin', 'Create an entity; answers its one-time enrolment secret'),
  entitiesList: route('GET', ENTITIES, 'Mobile', 'List entities'),
  entitiesGet: route('GET', ENTITY, 'Mobile', 'One entity'),
  entitiesUpdate: route('PUT', ENTITY, 'Admin', 'Change an entity'),
  entitiesDelete: route('DELETE', ENTITY, 'Admin', 'Delete an entity with its records'),
  entitiesEnrol: route(
    'POST',
    `${ENTITY}/enrolment-secret`,
    'Admin',
    'Open the entity for enrolment with a new secret',
  ),
  entitiesChanges: route('GET', `${ENTITY}/changes`, 'Viewer', 'Change records in order'),
  entitiesEvents: route('GET', `${ENTITY}/events`, 'Viewer', 'Recent events with their acknowledgements'),
  entitiesConfig: route('GET', `${ENTITY}/config`, 'Viewer', 'Configurations sent to the orchestrator'),
  entitiesConfigure: route('PUT', `${ENTITY}/config`, 'Operator', 'Send a configuration to the orchestrator'),
  importsCreate: route('POST', `${ENTITY}/imports`, 'Admin', 'Import records as one JSON or NDJSON upload'),
  importsList: route('GET', `${ENTITY}/imports`, 'Admin', 'Imports of the last days, newest first'),
  importsGet: route('GET', `${ENTITY}/imports/:importId`, 'Admin', 'Progress of an import'),
  importsRows: route('GET', `${ENTITY}/imports/:importId/rows`, 'Admin', 'What became of each row'),
  orchestratorsList: route('GET', '/api/v1/orchestrators', 'Viewer', 'List orchestrators with their state'),
  orchestratorsGet: route('GET', `${ENTITY}/orchestrator`, 'Viewer', 'The entity’s orchestrator'),
  orchestratorsReset: route(
    'POST',
    `${ENTITY}/orchestrator/reset`,
    'Admin',
    'End the orchestrator’s token and unpin its key',
  ),
  orchestratorsCommand: route(
    'POST',
    `${ENTITY}/orchestrator/commands`,
    'Operator',
    'Queue a command for its next heartbeat',
  ),
  accessLogRequestsCreate: route(
    'POST',
    `${ENTITY}/access-log-requests`,
    'Operator',
    'Ask the orchestrator for access logs',
  ),
  accessLogRequestsGet: route(
    'GET',
    `${ENTITY}/access-log-requests/:requestId`,
    'Operator',
    'Whether a request was fulfilled',
  ),
  accessLogsSearch: route('GET', `${ENTITY}/access-logs`, 'Operator', 'Search access logs, page by page'),
  accessLogsExport: route('GET', `${ENTITY}/access-logs/export`, 'Operator', 'Access logs as CSV or NDJSON'),
  beaconDevicesList: route('GET', DEVICES, 'Viewer', 'Registered beacons with version, state and metrics'),
  beaconDevicesGet: route('GET', `${DEVICES}/:beaconId`, 'Viewer', 'One registered beacon'),
  beaconDevicesApprove: route('POST', `${DEVICES}/:beaconId/approve`, 'Admin', 'Approve a beacon, or its new key'),
  beaconDevicesWithdraw: route(
    'POST',
    `${DEVICES}/:beaconId/withdraw`,
    'Admin',
    'Take the approval of a beacon back: its tokens end, its heartbeats are refused',
  ),
  beaconDevicesDelete: route('DELETE', `${DEVICES}/:beaconId`, 'Admin', 'Forget a beacon; it may register anew'),
  beaconDevicesCommand: route(
    'POST',
    `${DEVICES}/:beaconId/commands`,
    'Operator',
    'Queue a command for its next heartbeat',
  ),
  beaconDevicesUnlock: route(
    'POST',
    `${DEVICES}/:beaconId/unlock-challenge`,
    'TaskAuthor',
    'A signed challenge with which a phone unlocks a beacon',
  ),
  recordsList: route('GET', RECORDS, 'Mobile', 'List a collection: areas, beacons, merchants or connections'),
  recordsCreate: route('POST', RECORDS, 'Admin', 'Create a record'),
  recordsGet: route('GET', `${RECORDS}/:recordId`, 'Mobile', 'One record'),
  recordsReplace: route('PUT', `${RECORDS}/:recordId`, 'Admin', 'Create or replace a record'),
  recordsDelete: route('DELETE', `${RECORDS}/:recordId`, 'Admin', 'Delete a record'),

  auditSearch: route('GET', '/api/v1/audit', 'Admin', 'Who did what to which entity'),
} as const satisfies Record<string, Route>;
