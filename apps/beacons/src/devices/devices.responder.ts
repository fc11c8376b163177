import { Controller } from '@nestjs/common';
import {
  type BeaconCommand,
  type BeaconDeviceDetail,
  type BeaconDevicePage,
  type BeaconDeviceQuery,
  type BeaconHeartbeat,
  type BeaconHeartbeatAnswer,
  type BeaconRegistered,
  type BeaconRegistration,
  BEACONS_REQUESTS,
  type QueuedBeaconCommand,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { CommandRepository } from './heartbeats/command.repository.js';
import { DeviceRepository } from './device.repository.js';
import { HeartbeatService } from './heartbeats/heartbeat.service.js';
import { RegistrationService } from './registration/registration.service.js';
import { type DeviceKey, toDeviceDto } from './device.row.js';
import { keyedId } from './keyed.id.js';

interface OfBeacon {
  readonly entity_id: string;
  readonly beacon_id: string;
}
interface CommandOrder extends OfBeacon {
  readonly command: BeaconCommand;
  readonly expires_in_s?: number;
  readonly by: string;
  readonly idempotency_key?: string;
}

const COMMAND_LIFE_S = 7 * 86_400;

/** Answers what is asked about beacon devices. */
@Controller()
export class DevicesResponder {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly heartbeats: HeartbeatService,
    private readonly devices: DeviceRepository,
    private readonly commands: CommandRepository,
  ) {}

  @Answers(BEACONS_REQUESTS.register)
  register({
    entity_id,
    registration,
  }: {
    entity_id: string;
    registration: BeaconRegistration;
  }): Promise<BeaconRegistered> {
    return this.registrations.register(entity_id, registration);
  }

  @Answers(BEACONS_REQUESTS.heartbeat)
  heartbeat({
    entity_id,
    heartbeat,
  }: {
    entity_id: string;
    heartbeat: BeaconHeartbeat;
  }): Promise<BeaconHeartbeatAnswer> {
    return this.heartbeats.take(entity_id, heartbeat);
  }

  @Answers(BEACONS_REQUESTS.list)
  list(query: BeaconDeviceQuery): Promise<BeaconDevicePage> {
    return this.devices.page(query);
  }

  @Answers(BEACONS_REQUESTS.get)
  async get({ entity_id, beacon_id }: OfBeacon): Promise<BeaconDeviceDetail> {
    return this.detail({ entityId: entity_id, beaconId: beacon_id });
  }

  @Answers(BEACONS_REQUESTS.approve)
  async approve({ entity_id, beacon_id, by }: OfBeacon & { by: string }): Promise<BeaconDeviceDetail> {
    const key = { entityId: entity_id, beaconId: beacon_id };
    await this.registrations.approve(key, by);
    return this.detail(key);
  }

  @Answers(BEACONS_REQUESTS.withdraw)
  async withdraw({ entity_id, beacon_id }: OfBeacon): Promise<BeaconDeviceDetail> {
    const key = { entityId: entity_id, beaconId: beacon_id };
    await this.registrations.withdraw(key);
    return this.detail(key);
  }

  @Answers(BEACONS_REQUESTS.command)
  command({
    entity_id,
    beacon_id,
    command,
    expires_in_s,
    by,
    idempotency_key,
  }: CommandOrder): Promise<QueuedBeaconCommand> {
    return this.commands.queue({
      entityId: entity_id,
      beaconId: beacon_id,
      commandId: keyedId([by, entity_id, beacon_id], idempotency_key),
      command,
      queuedBy: by,
      lifeS: expires_in_s ?? COMMAND_LIFE_S,
    });
  }

  private async detail(key: DeviceKey): Promise<BeaconDeviceDetail> {
    const [row, commands] = await Promise.all([this.devices.require(key), this.commands.waiting(key)]);
    return { ...toDeviceDto(row), public_key: row.publicKey, pending_public_key: row.pendingKey, commands };
  }
}
