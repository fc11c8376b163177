import { Injectable } from '@nestjs/common';
import type { AccessLogRequestDto } from '#libs/contracts';
import { Outbox } from '#libs/outbox';
import { DeviceRepository } from '../devices/device.repository.js';
import type { DeviceKey } from '../devices/device.row.js';
import { keyedId } from '../devices/keyed.id.js';
import { LogRequestRepository } from './log-request.repository.js';

/** Who asks for which logs. */
export interface LogRequestOrder extends DeviceKey {
  readonly since: Date;
  readonly by: string;
  readonly idempotencyKey?: string | undefined;
}

/** Asks orchestrators for access logs. */
@Injectable()
export class LogRequestService {
  constructor(
    private readonly devices: DeviceRepository,
    private readonly requests: LogRequestRepository,
    private readonly outbox: Outbox,
  ) {}

  /** @throws MusterError `BEACON_NOT_REGISTERED` */
  async request({ entityId, beaconId, since, by, idempotencyKey }: LogRequestOrder): Promise<AccessLogRequestDto> {
    await this.devices.require({ entityId, beaconId });
    const requestId = `req-${keyedId([by, entityId, beaconId], idempotencyKey)}`;
    const request = await this.requests.create({ requestId, entityId, beaconId, since, createdBy: by });
    this.outbox.kick();
    return request;
  }

  /** @throws MusterError `ACCESS_LOG_REQUEST_NOT_FOUND` */
  find(entityId: string, requestId: string): Promise<AccessLogRequestDto> {
    return this.requests.require(entityId, requestId);
  }
}
