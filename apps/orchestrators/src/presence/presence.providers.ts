import { CommandRepository } from './command.repository.js';
import { CommandService } from './command.service.js';
import { ContactRepository } from './contact.repository.js';
import { HeartbeatRepository } from './heartbeat.repository.js';
import { HeartbeatService } from './heartbeat.service.js';
import { OrchestratorRepository } from './orchestrator.repository.js';
import { PresenceRepository } from './presence.repository.js';
import { PresenceSettings } from './presence.settings.js';
import { PresenceSweeper } from './presence.sweeper.js';

/** Signs of life of orchestrators and what is made of them, in the order of the flow. */
export const PRESENCE = [
  HeartbeatService,
  CommandService,
  PresenceSweeper,
  HeartbeatRepository,
  CommandRepository,
  ContactRepository,
  PresenceRepository,
  OrchestratorRepository,
  PresenceSettings,
];
