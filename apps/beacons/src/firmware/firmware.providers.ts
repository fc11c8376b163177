import { BrokerConnection, FileBucket } from '#libs/jetstream';
import { AnnouncementRepository } from './announcement.repository.js';
import { Announcer } from './announcer.js';
import { CacheRepository } from './cache.repository.js';
import { CachePromoter, CacheService } from './cache.service.js';
import { FileChecker } from './file.checker.js';
import { FirmwareRetention, FirmwareSweeper } from './firmware.sweeper.js';
import { FirmwareSettings } from './firmware.settings.js';
import { FirmwareOffers } from './offers.js';
import { ReleaseCatalogue } from './release.catalogue.js';
import { ReleaseKeys } from './release.keys.js';
import { ReleaseLedger } from './release.ledger.js';
import { ReleasePublisher } from './release.publisher.js';
import { ReleaseRepository } from './release.repository.js';
import { ReportRepository } from './report.repository.js';
import { ReportService } from './report.service.js';

const FILES = {
  provide: FileBucket,
  inject: [BrokerConnection],
  useFactory: (broker: BrokerConnection) => new FileBucket(broker, 'FIRMWARE'),
};

/** Firmware, in the order of the flow. */
export const FIRMWARE = [
  FirmwareSettings,
  ReleasePublisher,
  ReleaseCatalogue,
  CacheService,
  CachePromoter,
  FirmwareOffers,
  ReportService,
  ReleaseLedger,
  FileChecker,
  ReleaseKeys,
  ReleaseRepository,
  CacheRepository,
  ReportRepository,
  Announcer,
  AnnouncementRepository,
  FirmwareSweeper,
  FirmwareRetention,
  FILES,
];
