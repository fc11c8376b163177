import { GrantService } from './grant.service.js';
import { Registrar } from './registrar.js';
import { RegistrationRepository } from './registration.repository.js';
import { RegistrationSettings } from './registration.settings.js';
import { RegistrationSweeper } from './registration.sweeper.js';
import { RegistrationTraces } from './registration.traces.js';

/** Registration and tokens of orchestrators, in the order of the flow. */
export const REGISTRATION = [
  Registrar,
  GrantService,
  RegistrationSweeper,
  RegistrationRepository,
  RegistrationTraces,
  RegistrationSettings,
];
