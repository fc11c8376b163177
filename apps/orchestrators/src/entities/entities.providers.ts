import { AnnouncementRepository } from './announcement.repository.js';
import { Announcer } from './announcer.js';
import { DepartedEvents } from './departed.events.js';
import { DepartureRepository } from './departure.repository.js';
import { DepartureSweeper } from './departure.sweeper.js';
import { DeviceRecordRepository } from './device-record.repository.js';
import { EntitiesSettings } from './entities.settings.js';
import { EntityRepository } from './entity.repository.js';
import { EntityService } from './entity.service.js';
import { HistoryRepository } from './history.repository.js';
import { HistorySweeper } from './history.sweeper.js';
import { RecordReader } from './record.reader.js';
import { RecordRepository } from './record.repository.js';
import { RecordService } from './record.service.js';
import { RecordWriter } from './record.writer.js';

/** Entities and their records, in the order of the flow. */
export const ENTITIES = [
  EntityService,
  RecordService,
  RecordWriter,
  RecordReader,
  EntityRepository,
  DepartureSweeper,
  DepartedEvents,
  DepartureRepository,
  RecordRepository,
  DeviceRecordRepository,
  Announcer,
  AnnouncementRepository,
  HistorySweeper,
  HistoryRepository,
  EntitiesSettings,
];
