import { AnnouncementRepository } from './announcement.repository.js';
import { Announcer } from './announcer.js';
import { DeviceRecordRepository } from './device-record.repository.js';
import { HistoryRepository } from './history.repository.js';
import { HistorySweeper } from './history.sweeper.js';
import { RecordReader } from './record.reader.js';
import { RecordRepository } from './record.repository.js';
import { RecordService } from './record.service.js';
import { RecordWriter } from './record.writer.js';

/** Records of entities, in the order of the flow: written, told, and forgotten when their time has passed. */
export const RECORDS = [
  RecordService,
  RecordWriter,
  RecordReader,
  RecordRepository,
  DeviceRecordRepository,
  Announcer,
  AnnouncementRepository,
  HistorySweeper,
  HistoryRepository,
];
