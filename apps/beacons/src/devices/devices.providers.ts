import { FirmwareOffers as ReleaseOffers } from '../firmware/offers.js';
import { DeviceRepository } from './device.repository.js';
import { DevicesHousekeeping } from './devices.housekeeping.js';
import { DevicesSettings } from './devices.settings.js';
import { FirmwareOffers } from './firmware.offers.js';
import { CommandRepository } from './heartbeats/command.repository.js';
import { HeartbeatRepository } from './heartbeats/heartbeat.repository.js';
import { HeartbeatService } from './heartbeats/heartbeat.service.js';
import { OfferDesk } from './offer.desk.js';
import { PresenceRepository } from './presence/presence.repository.js';
import { PresenceSweeper } from './presence/presence.sweeper.js';
import { BeaconIds } from './registration/beacon.ids.js';
import { GrantRepository } from './registration/grant.repository.js';
import { RegistrationRepository } from './registration/registration.repository.js';
import { RegistrationService } from './registration/registration.service.js';
import { RemovalRepository } from './registration/removal.repository.js';

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
