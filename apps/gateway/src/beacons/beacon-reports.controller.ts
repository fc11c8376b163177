import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import {
  type AccessLogReceipt,
  type BeaconHeartbeatAnswer,
  type BeaconRegistered,
  BEACONS_REQUESTS,
  readAccessLogBatch,
  readEncryptedBatch,
  ROUTES,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { BatchTypes } from '../batch/batch.types.js';
import { JsonBody } from '../http/edge.body.js';
import { entityOf, requireOwnEntity } from '../isolation/entity.access.js';
import { Endpoint } from '../http/route.decorator.js';
import { AccessLogsRequest } from './access-logs.request.js';
import { BeaconHeartbeatRequest, BeaconRegisterRequest, toHeartbeat, toRegistration } from './beacon.reports.dto.js';
import {
  AccessLogReceiptResponse,
  BeaconHeartbeatResponse,
  BeaconRegisteredResponse,
} from './beacon.reports.responses.js';

const HEARTBEAT_ERRORS = ['BEACON_NOT_REGISTERED', 'BEACON_NOT_APPROVED', 'ENTITY_ACCESS_DENIED'] as const;
const LOG_ERRORS = ['BEACON_NOT_REGISTERED', 'ACCESS_LOG_REQUEST_NOT_FOUND', 'ENTITY_ACCESS_DENIED'] as const;
const LOGS = { response: AccessLogReceiptResponse, errors: LOG_ERRORS } as const;

/** What beacons report, themselves or through their orchestrator (orchestrators.txt 6). */
@ApiTags('beacons')
@Controller()
export class BeaconReportsController {
  constructor(
    private readonly rpc: RpcClient,
    batch: BatchTypes,
  ) {
    batch.add('beacon_register', BeaconRegisterRequest, (report, caller) => this.register(report, caller));
    batch.add('beacon_heartbeat', BeaconHeartbeatRequest, (report, caller) => this.heartbeat(report, caller));
    batch.add('access_logs', AccessLogsRequest, (report, caller) => this.accessLogs(report, caller));
  }

  @Endpoint(ROUTES.beaconsRegister, {
    response: BeaconRegisteredResponse,
    errors: ['ENTITY_ACCESS_DENIED', 'ENTITY_NOT_FOUND', 'BEACON_LIMIT_REACHED'],
  })
  register(@JsonBody() body: BeaconRegisterRequest, @CurrentPrincipal() caller: Principal): Promise<BeaconRegistered> {
    const registration = toRegistration(body);
    requireOwnDevice(caller, registration.device_id);
    return this.rpc.ask(BEACONS_REQUESTS.register, { entity_id: entityOf(caller), registration });
  }

  @Endpoint(ROUTES.beaconsHeartbeat, { response: BeaconHeartbeatResponse, errors: HEARTBEAT_ERRORS })
  heartbeat(
    @JsonBody() body: BeaconHeartbeatRequest,
    @CurrentPrincipal() caller: Principal,
  ): Promise<BeaconHeartbeatAnswer> {
    return this.rpc.ask(BEACONS_REQUESTS.heartbeat, { entity_id: entityOf(caller), heartbeat: toHeartbeat(body) });
  }

  @Endpoint(ROUTES.beaconsAccessLogs, LOGS)
  accessLogs(@JsonBody() body: AccessLogsRequest, @CurrentPrincipal() caller: Principal): Promise<AccessLogReceipt> {
    const encrypted = readEncryptedBatch(body);
    return this.rpc.ask(BEACONS_REQUESTS.uploadLogs, {
      entity_id: entityOf(caller),
      content: encrypted ? { encrypted } : { batch: readAccessLogBatch(body) },
      ...(caller.scope?.role === 'beacon' && { beacon_id: caller.id }),
    });
  }

  /** The other name of the same (decision C15). */
  @Endpoint(ROUTES.orchestratorsUploadLogs, LOGS)
  uploadLogs(@JsonBody() body: AccessLogsRequest, @CurrentPrincipal() caller: Principal): Promise<AccessLogReceipt> {
    return this.accessLogs(body, caller);
  }
}

/** A beacon introduces itself alone; its device id is the alias of its token. */
function requireOwnDevice({ id, scope }: Principal, deviceId: string): void {
  if (scope?.role !== 'beacon') return;
  requireOwnEntity({ id, scope }, { body: { beacon_id: scope.aliases.includes(deviceId) ? id : deviceId } });
}
