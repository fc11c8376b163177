import { Injectable } from '@nestjs/common';
import type { BeaconRegistered, BeaconRegistration } from '#libs/contracts';
import { BeaconIds } from './beacon.ids.js';
import { notRegistered } from '../device.errors.js';
import { canonicalKey } from './device.key.js';
import type { DeviceKey, DeviceRow } from '../device.row.js';
import { DevicesSettings } from '../devices.settings.js';
import { OfferDesk } from '../offer.desk.js';
import { RegistrationRepository } from './registration.repository.js';

/** Takes introductions of beacons. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly ids: BeaconIds,
    private readonly registrations: RegistrationRepository,
    private readonly desk: OfferDesk,
    private readonly settings: DevicesSettings,
  ) {}

  /** @throws MusterError `VALIDATION_FAILED` for a key that is none, `ENTITY_NOT_FOUND`, `BEACON_LIMIT_REACHED` */
  async register(entityId: string, given: BeaconRegistration): Promise<BeaconRegistered> {
    const registration = { ...given, public_key: canonicalKey(given.public_key) };
    const row = await this.registrations.register({
      entityId,
      registration,
      beaconIds: await this.ids.idsFor(entityId, registration.device_id),
      approved: !this.settings.needsApproval,
      maxDevices: this.settings.devicesPerEntity,
    });
    return this.answer(row);
  }

  /** Lets a beacon in, or its new key. @throws MusterError `BEACON_NOT_REGISTERED` */
  async approve(key: DeviceKey, by: string): Promise<void> {
    if (!(await this.registrations.approve(key, by))) throw notRegistered(key);
  }

  /** Shuts a beacon out until somebody approves it again: its tokens end. @throws MusterError `BEACON_NOT_REGISTERED` */
  async withdraw(key: DeviceKey): Promise<void> {
    if (!(await this.registrations.withdraw(key))) throw notRegistered(key);
  }

  private async answer(row: DeviceRow): Promise<BeaconRegistered> {
    const offer = row.approved ? await this.desk.offerFor(row) : null;
    return {
      beacon_id: row.beaconId,
      entity_id: row.entityId,
      approved: row.approved,
      sync_interval_seconds: this.settings.heartbeatSeconds,
      firmware_update_available: offer !== null,
      latest_firmware: offer && (await this.desk.download(row.entityId, offer)),
    };
  }
}
