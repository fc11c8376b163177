export { toAsyncApi } from './asyncapi.js';
export { canonicalJson, contentHashOf } from './canonical-json.js';
export {
  checksumBytes,
  checksumText,
  collectionChecksum,
  CollectionSum,
  COLLECTIONS,
  globalChecksum,
  isCollection,
  RECORD_TYPES,
  recordChecksum,
  type ChecksumEntry,
  type Checksums,
  type Collection,
  type RecordType,
} from './checksums.js';
export {
  COMMAND_STATUSES,
  TIMELINE_KINDS,
  type BatchDto,
  type BatchItem,
  type BatchRequest,
  type CommandAccepted,
  type CommandAckEvent,
  type CommandDetailDto,
  type CommandDto,
  type CommandPage,
  type CommandRequest,
  type CommandStatus,
  type CommandUpdatedEvent,
  type Requester,
  type RetryPolicy,
  type TimelineEntry,
  type TimelineKind,
} from './commands.dto.js';
export { CONSUMERS, redriveConsumer, robotConsumers, type ConsumerContract, type ConsumerName } from './consumers.js';
export { decodeMessage, MAX_JSON_DEPTH, nestsDeeperThan, type DecodedMessage } from './decode.js';
export { JsonObject, parseInstant, PAYLOAD_VERSION, type Envelope } from './envelope.js';
export {
  ERROR_CODES,
  isErrorCode,
  MusterError,
  PermanentMessageError,
  REJECT_REASONS,
  toErrorBody,
  type ErrorBody,
  type ErrorCode,
  type ErrorDetails,
  type RejectReason,
} from './errors.js';
export {
  hubEventOf,
  MALL_EVENTS,
  ORCHESTRATOR_EVENTS,
  ORCHESTRATOR_NOTICES,
  ROBOT_EVENTS,
  STREAM_EVENTS,
  type MallEventName,
  type OrchestratorEvent,
  type OrchestratorEventName,
  type RobotEventName,
} from './events.js';
export { HTTP_HEADERS, MESSAGE_HEADERS } from './headers.js';
export {
  FLEET_GROUP,
  HUB_MESSAGES,
  HUB_NAMESPACE,
  HUB_NOTICES,
  parseGroup,
  robotGroup,
  type HubGroup,
  type ResyncReason,
} from './hub.js';
export { isRecordId, isRobotId, isTokenId, isUuid, requireRobotId, requireTokenId } from './identifiers.js';
export { growthOfNumbers } from './json-numbers.js';
export { RATE_LIMITS, type RateLimit, type RateLimitName } from './limits.js';
export { SOCKET_PATHS } from './malls.routes.js';
export {
  CommandAckPayload,
  ROBOT_MESSAGES,
  type MessageContract,
  type PayloadOf,
  type RobotMessageName,
} from './messages.js';
export {
  isEventId,
  type ConfigurationChange,
  type ConfigurationDto,
  type ConnectedNotice,
  type EntityEventDto,
  type EntityEventPage,
  type EventAck,
  type EventAckRequest,
  type OrchestratorResyncReason,
  type ResyncRequiredNotice,
  type StoredEventAck,
} from './orchestrator-events.dto.js';
export { ORCHESTRATOR_EVENTS_REQUESTS } from './orchestrator-events.requests.js';
export {
  isMachineRole,
  MACHINE_ROLES,
  POLICIES,
  ROLES,
  satisfies,
  USER_ROLES,
  type MachineRole,
  type Policy,
  type Role,
  type UserRole,
} from './policies.js';
export {
  COMMANDS_REQUESTS,
  MAX_REPLY_BYTES,
  ROBOTS_REQUESTS,
  TELEMETRY_REQUESTS,
  type Dispatchability,
  type RequestContract,
} from './requests.js';
export {
  PRESENCES,
  type DeviceCredentialsDto,
  type FleetPage,
  type FleetQuery,
  type Presence,
  type RobotDto,
  type RobotIdentitySummary,
  type RobotReportDto,
  type RobotUpdate,
  type SettingsDeltaDto,
  type SnapshotDto,
} from './robots.dto.js';
export { type HttpMethod, type Route } from './route.js';
export {
  ROLLOUT_DEVICE_STATES,
  ROLLOUT_REASONS,
  ROLLOUT_STATUSES,
  type RolloutDeviceDto,
  type RolloutDevicePage,
  type RolloutDeviceState,
  type RolloutDryRunDto,
  type RolloutDto,
  type RolloutGroupDto,
  type RolloutPage,
  type RolloutPlanDto,
  type RolloutReason,
  type RolloutRequest,
  type RolloutStatus,
} from './rollouts.dto.js';
export { ROLLOUTS_REQUESTS, type RolloutAction } from './rollouts.requests.js';
export { ROUTES, type RouteName } from './routes.js';
export {
  DELIVERY_EVIDENCE,
  inboxPrefixOf,
  robotUser,
  SERVICE_USERS,
  type ServiceName,
  type ServiceUser,
} from './service-users.js';
export {
  bucketStream,
  BUCKETS,
  REPUBLISH,
  STREAMS,
  type BucketContract,
  type BucketName,
  type StreamContract,
  type StreamName,
} from './streams.js';
export {
  deadLetterSubject,
  DISPATCHABILITY_NOTICE,
  entityIdOf,
  everyRobot,
  liveSubject,
  mallEventsFilter,
  mallEventSubject,
  orchestratorEventSubject,
  parseMallEventSubject,
  parseRobotEventSubject,
  redriveSubject,
  ROBOT_SUBJECTS,
  robotEventsFilter,
  robotEventSubject,
  robotIdOf,
  robotSubject,
  type RobotSubjectTemplate,
} from './subjects.js';
export {
  TASK_ENDS,
  TASK_GROUPINGS,
  TASK_HISTORY_KINDS,
  TASK_PRIORITIES,
  TASK_STATUSES,
  type DeliveryProof,
  type TaskActualPath,
  type TaskAnalyticsDto,
  type TaskAnalyticsQuery,
  type TaskCancelEvent,
  type TaskCoordinates,
  type TaskCreateEvent,
  type TaskDetailDto,
  type TaskDto,
  type TaskEnd,
  type TaskError,
  type TaskFigures,
  type TaskGrouping,
  type TaskHistoryEntry,
  type TaskHistoryKind,
  type TaskOrder,
  type TaskPage,
  type TaskPath,
  type TaskPlace,
  type TaskPriority,
  type TaskReader,
  type TaskReport,
  type TaskReportOutcome,
  type TaskStatus,
  type TaskUpdatedEvent,
} from './tasks.dto.js';
export { TASKS_REQUESTS, type TaskListQuery, type TaskReporter } from './tasks.requests.js';
export {
  AGGREGATES,
  type Aggregate,
  type BucketDto,
  type BucketQuery,
  type SampleDto,
  type SamplePage,
  type SampleQuery,
  type TimeRange,
} from './telemetry.dto.js';
