import { request } from '../requests.js';
import type {
  ChangesPart,
  ChangesPartQuery,
  DeltaQuery,
  DeltaStart,
  FullSyncStart,
  RecordsPart,
  RecordsPartQuery,
  SyncChecksumDto,
  SyncChecksumQuery,
} from './sync.dto.js';

/** What an orchestrator synchronizes, page by page on one state of its mall. */
export const SYNC_REQUESTS = {
  checksum: request<SyncChecksumQuery, SyncChecksumDto>('rpc.orchestrators.sync.checksum'),
  startFull: request<{ readonly entity_id: string }, FullSyncStart>('rpc.orchestrators.sync.full.start'),
  records: request<RecordsPartQuery, RecordsPart>('rpc.orchestrators.sync.full.records'),
  startDelta: request<DeltaQuery, DeltaStart>('rpc.orchestrators.sync.delta.start'),
  changes: request<ChangesPartQuery, ChangesPart>('rpc.orchestrators.sync.delta.changes'),
} as const;
