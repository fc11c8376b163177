import { MALL_ROUTES } from './malls/malls.routes.js';
import { route, type Route } from './route.js';

const ROBOTS = '/api/v1/robots';
const ROBOT = `${ROBOTS}/:robotId`;
const COMMANDS = '/api/v1/commands';
const AUTH = '/api/v1/auth';

/** Every HTTP route of the platform with its policy. A handler that is not in this table does not start. */
export const ROUTES = {
  health: route('GET', '/health', 'Public', 'State of this process and what it depends on'),
  healthLive: route('GET', '/health/live', 'Public', 'Whether the process runs; ignores dependencies'),
  healthReady: route('GET', '/health/ready', 'Public', 'Whether the process can serve'),
  metrics: route('GET', '/metrics', 'Public', 'Prometheus metrics'),
  jwks: route('GET', '/.well-known/jwks.json', 'Public', 'Public keys of the access tokens'),

  login: route('POST', `${AUTH}/login`, 'Public', 'Log in with user name and password'),
  refresh: route('POST', `${AUTH}/refresh`, 'Public', 'Exchange a refresh token for new tokens'),
  logout: route('POST', `${AUTH}/logout`, 'Authenticated', 'Revoke the refresh tokens of this log-in'),
  me: route('GET', `${AUTH}/me`, 'Authenticated', 'Who the caller is'),
  usersCreate: route('POST', '/api/v1/users', 'Admin', 'Create a user'),
  usersList: route('GET', '/api/v1/users', 'Admin', 'List users'),
  usersUpdate: route('PUT', '/api/v1/users/:userId', 'Admin', 'Change a user’s roles or password and end its sessions'),
  usersDelete: route('DELETE', '/api/v1/users/:userId', 'Admin', 'Delete a user and end its sessions'),
  apiKeysCreate: route('POST', '/api/v1/api-keys', 'Admin', 'Create an API key; the secret is shown once'),
  apiKeysList: route('GET', '/api/v1/api-keys', 'Admin', 'List API keys without their secrets'),
  apiKeysDelete: route('DELETE', '/api/v1/api-keys/:apiKeyId', 'Admin', 'Revoke an API key'),

  robotsList: route('GET', ROBOTS, 'Viewer', 'List the fleet, page by page'),
  robotsGet: route('GET', ROBOT, 'Viewer', 'One robot'),
  robotsUpdate: route('PUT', ROBOT, 'Operator', 'Change a robot’s metadata'),
  robotsIdentity: route('GET', `${ROBOT}/identity`, 'Viewer', 'Latest identity snapshot'),
  robotsIdentityHistory: route('GET', `${ROBOT}/identity/history`, 'Viewer', 'Identity snapshots, newest first'),
  robotsCapability: route('GET', `${ROBOT}/capability`, 'Viewer', 'Latest capability snapshot'),
  robotsCapabilityHistory: route('GET', `${ROBOT}/capability/history`, 'Viewer', 'Capability snapshots, newest first'),
  robotsStatus: route('GET', `${ROBOT}/status`, 'Viewer', 'Latest status'),
  settingsDesired: route('PUT', `${ROBOT}/settings/desired`, 'Operator', 'Ask the robot for settings'),
  settingsReported: route('GET', `${ROBOT}/settings/reported`, 'Viewer', 'Settings the robot has applied'),
  settingsDelta: route('GET', `${ROBOT}/settings/delta`, 'Viewer', 'Desired settings the robot has not applied'),
  credentialsIssue: route('POST', `${ROBOT}/credentials`, 'Admin', 'Issue broker credentials; enrols an unknown robot'),
  credentialsRevoke: route('DELETE', `${ROBOT}/credentials`, 'Admin', 'Revoke a robot’s credentials and disconnect it'),

  telemetryLatest: route('GET', `${ROBOT}/telemetry`, 'Viewer', 'Latest telemetry sample'),
  telemetryRange: route('GET', `${ROBOT}/telemetry/samples`, 'Viewer', 'Samples of an interval, page by page'),
  telemetryBuckets: route('GET', `${ROBOT}/telemetry/buckets`, 'Viewer', 'Down-sampled numeric fields of an interval'),
  telemetryExport: route('GET', `${ROBOT}/telemetry/export`, 'Viewer', 'Samples of an interval as CSV or NDJSON'),

  commandsSend: route('POST', `${ROBOT}/commands`, 'Operator', 'Send a command'),
  commandsByRobot: route('GET', `${ROBOT}/commands`, 'Viewer', 'Commands of a robot, newest first'),
  commandsSendBatch: route('POST', `${COMMANDS}/batches`, 'Operator', 'Send one command to many robots'),
  commandsGetBatch: route('GET', `${COMMANDS}/batches/:batchId`, 'Viewer', 'A batch with the result per robot'),
  commandsGet: route('GET', `${COMMANDS}/:commandId`, 'Viewer', 'A command with its timeline'),
  commandsCancel: route('POST', `${COMMANDS}/:commandId/cancel`, 'Operator', 'Cancel a command that is not final'),

  deadLettersList: route('GET', '/api/v1/dead-letters', 'Admin', 'Messages that no handler could digest'),
  deadLettersGet: route(
    'GET',
    '/api/v1/dead-letters/:deadLetterId',
    'Admin',
    'One dead letter with headers and payload',
  ),
  deadLettersRedrive: route(
    'POST',
    '/api/v1/dead-letters/:deadLetterId/redrive',
    'Admin',
    'Give it to its consumer again',
  ),
  deadLettersDelete: route('DELETE', '/api/v1/dead-letters/:deadLetterId', 'Admin', 'Drop a dead letter'),

  ...MALL_ROUTES,

  docs: route('GET', '/docs', 'Public', 'OpenAPI page'),
  openapi: route('GET', '/docs/openapi.json', 'Public', 'OpenAPI document'),
  asyncapi: route('GET', '/docs/asyncapi.json', 'Public', 'AsyncAPI document'),
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
