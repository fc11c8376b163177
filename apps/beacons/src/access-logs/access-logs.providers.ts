import { AccessLogRepository } from './access-log.repository.js';
import { AccessLogsSettings } from './access-logs.settings.js';
import { IdVault } from './id.vault.js';
import { LogRequestRepository } from './log-request.repository.js';
import { LogRequestService } from './log-request.service.js';
import { LogSearch } from './log.search.js';
import { LogShelf } from './log.shelf.js';
import { PartitionRepository } from './partition.repository.js';
import { RetentionRepository } from './retention.repository.js';
import { RetentionSweeper } from './retention.sweeper.js';
import { UploadService } from './upload.service.js';

/** Access logs, in the order of the flow. */
export const ACCESS_LOGS = [
  UploadService,
  LogRequestService,
  LogShelf,
  LogSearch,
  IdVault,
  RetentionSweeper,
  AccessLogRepository,
  LogRequestRepository,
  PartitionRepository,
  RetentionRepository,
  AccessLogsSettings,
];
