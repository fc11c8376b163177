import { Injectable } from '@nestjs/common';
import { DEVICE_RECORDS_REQUESTS, isTokenId } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { beaconIdOf } from './device.key.js';
import { DeviceRepository } from '../device.repository.js';

/** Knows which beacon a device is. */
@Injectable()
export class BeaconIds {
  constructor(
    private readonly devices: DeviceRepository,
    private readonly rpc: RpcClient,
  ) {}

  /**
   * Ids in the order of preference: a known device keeps its own, a new one has that of its record on the map, and failing
   * that one that is made of its device id.
   * @throws MusterError `ENTITY_NOT_FOUND`
   */
  async idsFor(entityId: string, deviceId: string): Promise<readonly string[]> {
    const known = await this.devices.findByDevice(entityId, deviceId);
    if (known) return [known.beaconId];
    const question = { entity_id: entityId, device_id: deviceId };
    const { record_id: recordId } = await this.rpc.ask(DEVICE_RECORDS_REQUESTS.find, question);
    const made = beaconIdOf(entityId, deviceId);
    return isTokenId(recordId) ? [recordId, made] : [made];
  }
}
