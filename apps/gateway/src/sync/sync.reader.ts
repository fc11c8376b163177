import { Injectable, Logger } from '@nestjs/common';
import {
  DELTA_PAGE_CHANGES,
  type DeltaQuery,
  type DeltaStart,
  type FullSyncStart,
  ORCHESTRATORS_REQUESTS,
  type RecordsPart,
  type RecordsPartQuery,
  SYNC_REQUESTS,
  type SyncChecksumDto,
  type SyncChecksumQuery,
} from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';

/** One page of a walk, as its changes are sent. */
export interface DeltaPage extends DeltaStart {
  /** JSON texts joined by commas. */
  readonly changes: string;
  readonly count: number;
  readonly hasMore: boolean;
}

/** A page ends with the change that makes it this large, if not with the last one that it may have. */
const DELTA_PAGE_BYTES = 2 * 1024 * 1024;
/** The first question may wait for an import that commits, and for a sum that nobody asked for yet. */
const START_TIMEOUT_MS = 20_000;

/** Asks the service for what an orchestrator synchronizes: the same over HTTP and gRPC. */
@Injectable()
export class SyncReader {
  private readonly logger = new Logger('Sync');

  constructor(private readonly rpc: RpcClient) {}

  checksum(query: SyncChecksumQuery): Promise<SyncChecksumDto> {
    return this.rpc.ask(SYNC_REQUESTS.checksum, query, START_TIMEOUT_MS);
  }

  startFull(entityId: string): Promise<FullSyncStart> {
    return this.rpc.ask(SYNC_REQUESTS.startFull, { entity_id: entityId }, START_TIMEOUT_MS);
  }

  /** A collection part by part. While the caller sends one, the next is being read; never more than that. */
  async *records(query: Omit<RecordsPartQuery, 'after'>): AsyncGenerator<RecordsPart> {
    let part = await this.rpc.ask(SYNC_REQUESTS.records, query);
    while (part.next !== null) {
      const ahead = this.rpc.ask(SYNC_REQUESTS.records, { ...query, after: part.next });
      // The caller may never come back for it.
      ahead.catch(() => undefined);
      yield part;
      part = await ahead;
    }
    yield part;
  }

  /**
   * An orchestrator has the whole state: that ends its initial sync, and what its absence made stale. What it read is good
   * even if that cannot be noted; it is then told to read it again.
   */
  async noteSynced(entity_id: string, assigned_id: string): Promise<void> {
    try {
      await this.rpc.ask(ORCHESTRATORS_REQUESTS.noteSynced, { entity_id, assigned_id });
    } catch (error) {
      this.logger.warn({ event: 'sync_not_noted', entityId: entity_id, orchestratorId: assigned_id, error });
    }
  }

  /** The next page of a walk, or the first one of a new walk. */
  async delta(query: DeltaQuery): Promise<DeltaPage> {
    const start = await this.rpc.ask(SYNC_REQUESTS.startDelta, query, START_TIMEOUT_MS);
    const texts: string[] = [];
    let [count, bytes, hasMore, cursor] = [0, 0, true, start.cursor];
    while (hasMore && count < DELTA_PAGE_CHANGES && bytes < DELTA_PAGE_BYTES) {
      const asked = { entity_id: query.entity_id, cursor, limit: DELTA_PAGE_CHANGES - count };
      const part = await this.rpc.ask(SYNC_REQUESTS.changes, asked);
      if (part.count > 0) texts.push(part.changes);
      count += part.count;
      bytes += Buffer.byteLength(part.changes);
      [hasMore, cursor] = [part.has_more, part.cursor];
    }
    return { ...start, cursor, changes: texts.join(','), count, hasMore };
  }
}
