import type {
  BatchDto,
  BatchRequest,
  CommandAccepted,
  CommandDetailDto,
  CommandPage,
  CommandRequest,
  Requester,
} from './robots/commands.dto.js';
import type { JsonObject } from './robots/envelope.js';
import type {
  DeviceCredentialsDto,
  FleetPage,
  FleetQuery,
  RobotDto,
  RobotReportDto,
  RobotUpdate,
  SettingsDeltaDto,
  SnapshotDto,
} from './robots/robots.dto.js';
import type { BucketDto, BucketQuery, SamplePage, SampleQuery } from './robots/telemetry.dto.js';

/**
 * A question that one service asks another over the broker. Only service users may speak on `rpc.>`, so the types are
 * trusted on both sides; what people sent was checked at the gateway.
 */
export interface RequestContract<Request, Response> {
  readonly subject: string;
  /** Types alone; never set. */
  readonly types?: { readonly request: Request; readonly response: Response };
}

/** A question on its subject. */
export function request<Request, Response>(subject: string): RequestContract<Request, Response> {
  return { subject };
}

interface OfRobot {
  readonly robotId: string;
}
interface Paging {
  readonly limit: number;
  readonly after?: string;
}
/** What the ledger must know of a robot before it accepts a command. */
export interface Dispatchability {
  readonly robotId: string;
  readonly exists: boolean;
  readonly isEnabled: boolean;
}

export const ROBOTS_REQUESTS = {
  /** Answers in parts of at most 200 KiB: a stream of pages, `next` and `total` on the last. */
  list: request<FleetQuery, FleetPage>('rpc.robots.list'),
  get: request<OfRobot, RobotDto>('rpc.robots.get'),
  identity: request<OfRobot, RobotReportDto>('rpc.robots.identity'),
  capability: request<OfRobot, RobotReportDto>('rpc.robots.capability'),
  status: request<OfRobot, RobotReportDto>('rpc.robots.status'),
  settingsReported: request<OfRobot, RobotReportDto>('rpc.robots.settings.reported'),
  settingsDelta: request<OfRobot, SettingsDeltaDto>('rpc.robots.settings.delta'),
  /** Newest first. */
  history: request<
    OfRobot & Paging & { kind: 'identity' | 'capability' },
    { items: SnapshotDto[]; next: string | null }
  >('rpc.robots.history'),
  update: request<OfRobot & { update: RobotUpdate; by: string }, RobotDto>('rpc.robots.update'),
  setDesired: request<OfRobot & { payload: JsonObject; by: string }, { ok: true }>('rpc.robots.settings.desired'),
  /** Makes the robot known, when it is not. */
  enrol: request<OfRobot, { readonly ok: true }>('rpc.robots.enrol'),
  issueCredentials: request<OfRobot & { by: string }, DeviceCredentialsDto>('rpc.robots.credentials.issue'),
  revokeCredentials: request<OfRobot & { by: string }, { revoked: number }>('rpc.robots.credentials.revoke'),
  dispatchability: request<{ robotIds: readonly string[] }, readonly Dispatchability[]>('rpc.robots.dispatchability'),
  /** Ids of all robots with a tag, at most `limit`. */
  idsByTag: request<{ tag: string; limit: number }, readonly string[]>('rpc.robots.ids-by-tag'),
} as const;

export const COMMANDS_REQUESTS = {
  send: request<OfRobot & { request: CommandRequest; requester: Requester; idempotencyKey?: string }, CommandAccepted>(
    'rpc.commands.send',
  ),
  sendBatch: request<{ request: BatchRequest; requester: Requester; idempotencyKey?: string }, BatchDto>(
    'rpc.commands.send-batch',
  ),
  get: request<{ commandId: string }, CommandDetailDto>('rpc.commands.get'),
  listByRobot: request<OfRobot & Paging & { status?: string }, CommandPage>('rpc.commands.list-by-robot'),
  cancel: request<{ commandId: string; requester: Requester }, CommandDetailDto>('rpc.commands.cancel'),
  getBatch: request<{ batchId: string }, BatchDto>('rpc.commands.get-batch'),
} as const;

export const TELEMETRY_REQUESTS = {
  latest: request<OfRobot, RobotReportDto>('rpc.telemetry.latest'),
  /** Pages stay under 200 KiB whatever the limit says; an export walks them one by one. */
  range: request<SampleQuery, SamplePage>('rpc.telemetry.range'),
  buckets: request<BucketQuery, { buckets: readonly BucketDto[] }>('rpc.telemetry.buckets'),
} as const;

/** A reply larger than this is sent in parts (architecture, rule 3). */
export const MAX_REPLY_BYTES = 200 * 1024;
