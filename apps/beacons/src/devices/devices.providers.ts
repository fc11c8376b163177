import { FirmwareOffers as ReleaseOffers } from '../firmware/offers.js';
import { BeaconIds } from './beacon.ids.js';
import { CommandRepository } from './command.repository.js';
import { DeviceRepository } from './device.repository.js';
import { DevicesHousekeeping } from './devices.housekeeping.js';
import { DevicesSettings } from './devices.settings.js';
import { FirmwareOffers } from './firmware.offers.js';
import { GrantRepository } from './grant.repository.js';
import { RemovalRepository } from './removal.repository.js';
import { HeartbeatRepository } from './heartbeat.repository.js';
import { HeartbeatService } from './heartbeat.service.js';
import { OfferDesk } from './offer.desk.js';
import { PresenceRepository } from './presence.repository.js';
import { PresenceSweeper } from './presence.sweeper.js';
import { RegistrationRepository } from './registration.repository.js';
import { RegistrationService } from './registration.service.js';

/** Beacon devices, in the order of the flow. */
export const DEVICES = [
  RegistrationService,
  HeartbeatService,
  OfferDesk,
  BeaconIds,
  PresenceSweeper,
  DevicesHousekeeping,
  DeviceRepository,
  RegistrationRepository,
  GrantRepository,
  RemovalRepository,
  HeartbeatRepository,
  CommandRepository,
  PresenceRepository,
  DevicesSettings,
  { provide: FirmwareOffers, useExisting: ReleaseOffers },
];
