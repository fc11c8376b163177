import { HeadRepository } from './head.repository.js';
import { SumRepository } from './sum.repository.js';
import { SyncService } from './sync.service.js';
import { VersionRepository } from './version.repository.js';

/** What an orchestrator synchronizes, in the order of the flow. */
export const SYNC = [SyncService, HeadRepository, VersionRepository, SumRepository];
