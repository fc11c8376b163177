import { DepartedEvents } from './departed.events.js';
import { DepartureRepository } from './departure.repository.js';
import { DepartureSweeper } from './departure.sweeper.js';
import { EntitiesSettings } from './entities.settings.js';
import { EntityRepository } from './entity.repository.js';
import { EntityService } from './entity.service.js';

/** Entities, in the order of the flow. */
export const ENTITIES = [
  EntityService,
  EntityRepository,
  DepartureSweeper,
  DepartedEvents,
  DepartureRepository,
  EntitiesSettings,
];
