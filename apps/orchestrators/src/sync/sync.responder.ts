import { Controller } from '@nestjs/common';
import {
  type ChangesPart,
  type ChangesPartQuery,
  type DeltaQuery,
  type DeltaStart,
  type FullSyncStart,
  type RecordsPart,
  type RecordsPartQuery,
  SYNC_REQUESTS,
  type SyncChecksumDto,
  type SyncChecksumQuery,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { SyncService } from './sync.service.js';

/** Answers what the gateway asks on behalf of an orchestrator that synchronizes. */
@Controller()
export class SyncResponder {
  constructor(private readonly sync: SyncService) {}

  @Answers(SYNC_REQUESTS.checksum)
  checksum(query: SyncChecksumQuery): Promise<SyncChecksumDto> {
    return this.sync.checksum(query);
  }

  @Answers(SYNC_REQUESTS.startFull)
  startFull({ entity_id }: { entity_id: string }): Promise<FullSyncStart> {
    return this.sync.startFull(entity_id);
  }

  @Answers(SYNC_REQUESTS.records)
  records(query: RecordsPartQuery): Promise<RecordsPart> {
    return this.sync.records(query);
  }

  @Answers(SYNC_REQUESTS.startDelta)
  startDelta(query: DeltaQuery): Promise<DeltaStart> {
    return this.sync.startDelta(query);
  }

  @Answers(SYNC_REQUESTS.changes)
  changes(query: ChangesPartQuery): Promise<ChangesPart> {
    return this.sync.changes(query);
  }
}
