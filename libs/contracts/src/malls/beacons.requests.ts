import type { AccessLogBatch, EncryptedBatch } from './access-log.batch.js';
import type {
  AccessLogFilter,
  AccessLogKeyDto,
  AccessLogPage,
  AccessLogReceipt,
  AccessLogRequestDto,
  BeaconChallengeDto,
  BeaconCommand,
  BeaconDeviceDetail,
  BeaconDevicePage,
  BeaconHeartbeat,
  BeaconHeartbeatAnswer,
  BeaconKeyDto,
  BeaconPresence,
  BeaconRegistered,
  BeaconRegistration,
  QueuedBeaconCommand,
  UnlockChallengeDto,
  UnlockType,
} from './beacons.dto.js';
import type { BeaconGrant } from './beacon-auth.js';
import { request } from '../requests.js';

interface OfEntity {
  readonly entity_id: string;
}
interface OfBeacon extends OfEntity {
  readonly beacon_id: string;
}
interface OfDevice extends OfEntity {
  readonly device_id: string;
}
interface Paging {
  readonly limit: number;
  readonly after?: string;
}

/** `beacon_id` is set for a caller who may speak for that beacon alone. */
export interface AccessLogUpload {
  readonly entity_id: string;
  readonly beacon_id?: string;
  readonly content: { readonly batch: AccessLogBatch } | { readonly encrypted: EncryptedBatch };
}

export interface BeaconDeviceQuery extends OfEntity, Paging {
  readonly presence?: BeaconPresence;
  readonly approved?: boolean;
  readonly firmware_version?: string;
  /** Part of the beacon's or the device's id, in any case. */
  readonly text?: string;
}

/** Beacon devices, their access logs and their proofs. */
export const BEACONS_REQUESTS = {
  register: request<OfEntity & { registration: BeaconRegistration }, BeaconRegistered>('rpc.beacons.register'),
  heartbeat: request<OfEntity & { heartbeat: BeaconHeartbeat }, BeaconHeartbeatAnswer>('rpc.beacons.heartbeat'),
  /** Whoever calls it says that heartbeats could be heard until now: without it silence proves nothing. */
  listening: request<Record<string, never>, { ok: true }>('rpc.beacons.listening'),
  list: request<BeaconDeviceQuery, BeaconDevicePage>('rpc.beacons.list'),
  get: request<OfBeacon, BeaconDeviceDetail>('rpc.beacons.get'),
  approve: request<OfBeacon & { by: string }, BeaconDeviceDetail>('rpc.beacons.approve'),
  withdraw: request<OfBeacon, BeaconDeviceDetail>('rpc.beacons.withdraw'),
  remove: request<OfBeacon, { readonly ok: true }>('rpc.beacons.remove'),
  command: request<
    OfBeacon & { command: BeaconCommand; expires_in_s?: number; by: string; idempotency_key?: string },
    QueuedBeaconCommand
  >('rpc.beacons.command'),

  uploadLogs: request<AccessLogUpload, AccessLogReceipt>('rpc.beacons.logs.upload'),
  logKey: request<Record<string, never>, AccessLogKeyDto>('rpc.beacons.logs.key'),
  /** Newest first. */
  searchLogs: request<AccessLogFilter & Paging, AccessLogPage>('rpc.beacons.logs.search'),
  requestLogs: request<OfBeacon & { since: string; by: string; idempotency_key?: string }, AccessLogRequestDto>(
    'rpc.beacons.logs.request',
  ),
  logRequest: request<OfEntity & { request_id: string }, AccessLogRequestDto>('rpc.beacons.logs.request.get'),

  challenge: request<OfDevice, BeaconChallengeDto>('rpc.beacons.challenge'),
  authenticate: request<OfDevice & { nonce: string; timestamp: number; signature: string }, BeaconGrant>(
    'rpc.beacons.authenticate',
  ),
  unlockChallenge: request<
    OfBeacon & { user_id: string; device_id: string | null; type: UnlockType },
    UnlockChallengeDto
  >('rpc.beacons.unlock-challenge'),
  unlockKey: request<Record<string, never>, BeaconKeyDto>('rpc.beacons.unlock-key'),

  /** Forgets the devices of an entity that was deleted, as far as they are older than `before`; access logs stay. */
  forgetEntity: request<OfEntity & { before: string }, { readonly ok: true }>('rpc.beacons.forget-entity'),
  /** Grants that ended and whose tokens nobody has revoked yet; `done` names those that were revoked meanwhile. */
  endedGrants: request<{ done: readonly string[] }, { readonly grant_ids: readonly string[] }>(
    'rpc.beacons.grants.ended',
  ),
} as const;

/** What the service `beacons` asks about the map that a device is drawn on. */
export const DEVICE_RECORDS_REQUESTS = {
  /** The beacon record with this `device_id` or `mac`; null when there is none. */
  find: request<OfDevice, { readonly record_id: string | null }>('rpc.orchestrators.records.of-device'),
} as const;
