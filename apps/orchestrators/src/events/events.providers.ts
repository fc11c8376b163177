import { AckPruner } from './ack.pruner.js';
import { AckRepository } from './ack.repository.js';
import { ConfigurationKeyRepository } from './configuration-key.repository.js';
import { ConfigurationRepository } from './configuration.repository.js';
import { EventService } from './event.service.js';

/** What orchestrators are told beside data and tasks, in the order of the flow. */
export const EVENTS = [EventService, AckPruner, AckRepository, ConfigurationKeyRepository, ConfigurationRepository];
