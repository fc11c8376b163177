import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { COLLECTIONS, ROUTES, type Checksums } from '#libs/contracts';
import type { Log } from '../../log.js';
import type { CentralClient } from '../central/central.client.js';
import { type FullState, type MapChange, RecordCache, remedyFor } from './record.cache.js';
import type { SealedFiles } from './sealed.file.js';

const Records = Type.Array(Type.Record(Type.String(), Type.Unknown()));
const Full = Compile(
  Type.Object({
    checksum: Type.String(),
    timestamp: Type.String(),
    cursor: Type.Optional(Type.String()),
    data: Type.Object({ areas: Records, beacons: Records, merchants: Records, connections: Records }),
  }),
);
const Delta = Compile(
  Type.Object({
    new_checksum: Type.String(),
    timestamp: Type.String(),
    has_more: Type.Boolean(),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
    cursor: Type.Optional(Type.String()),
    changes: Type.Array(
      Type.Object({
        type: Type.String(),
        operation: Type.String(),
        id: Type.String(),
        data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      }),
    ),
  }),
);
const Sums = Compile(
  Type.Object({
    checksums: Type.Object({
      areas: Type.String(),
      beacons: Type.String(),
      merchants: Type.String(),
      connections: Type.String(),
      global: Type.String(),
    }),
  }),
);

/** Where the next delta starts, and when the map was last known to be right. */
interface Place {
  readonly cursor: string;
  readonly syncedAtMs: number;
}

const CACHE_FILE = 'cache';
const PLACE_FILE = 'sync';
const STALE_MS = 86_400_000;

/** Keeps the cached map like the central one (orchestrators.txt 3): deltas as a rule, everything anew where they cannot. */
export class MapSync {
  readonly cache = new RecordCache();
  private place: Place | undefined;
  private running: Promise<void> = Promise.resolve();
  lastDurationMs = 0;

  constructor(
    private readonly central: CentralClient,
    private readonly files: SealedFiles,
    private readonly entityId: string,
    private readonly log: Log,
  ) {
    this.load();
  }

  /** What an orchestrator does when it starts: everything anew without a fresh cache, else what its checksums ask for. */
  start(nowMs: number): Promise<void> {
    const isFresh = this.place !== undefined && nowMs - this.place.syncedAtMs < STALE_MS;
    return isFresh ? this.verify() : this.full('start');
  }

  /** One at a time, in the order of asking. @throws what the central server's answer throws */
  full(reason: string): Promise<void> {
    return this.next(() => this.runFull(reason));
  }

  /** Brings the cache to the central checksum that an event told. */
  follow(checksum: string): Promise<void> {
    return this.next(async () => {
      if (this.cache.checksums().global === checksum) return;
      await this.runDelta();
    });
  }

  /** Compares checksums and mends what differs. */
  verify(): Promise<void> {
    return this.next(async () => {
      const remedy = remedyFor(this.cache.checksums(), await this.centralSums());
      if (remedy === 'full' || (remedy === 'delta' && this.place === undefined))
        await this.runFull('checksum_mismatch');
      else if (remedy === 'delta') await this.runDelta();
    });
  }

  private next(work: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    const run = this.running.then(work).finally(() => {
      this.lastDurationMs = performance.now() - startedAt;
    });
    this.running = run.catch(() => undefined);
    return run;
  }

  private async runFull(reason: string): Promise<void> {
    const query = new URLSearchParams({ entity_id: this.entityId, include: COLLECTIONS.join(','), format: 'full' });
    const answer = await this.central.get(`${ROUTES.orchestratorsSyncFull.path}?${query.toString()}`);
    if (!Full.Check(answer)) throw new TypeError('the full sync cannot be read');
    const { data, checksum } = answer;
    this.cache.replace(data);
    if (this.cache.checksums().global !== checksum) throw new Error('the full sync does not add up to its checksum');
    this.keep(answer.cursor);
    this.log.info('data_sync_completed', { kind: 'full', reason, records_synced: this.cache.count });
  }

  private async runDelta(): Promise<void> {
    let cursor = this.place?.cursor;
    let synced = 0;
    for (;;) {
      if (cursor === undefined) return this.runFull('no_cursor');
      const query = new URLSearchParams({ entity_id: this.entityId, cursor });
      const answer = await this.central.get(`${ROUTES.orchestratorsSyncDelta.path}?${query.toString()}`);
      if (!Delta.Check(answer)) throw new TypeError('the delta cannot be read');
      for (const change of answer.changes) this.cache.apply(toChange(change));
      synced += answer.changes.length;
      cursor = answer.next_cursor ?? answer.cursor;
      if (answer.has_more) continue;
      // Still different after the delta: everything anew (decision C17).
      if (this.cache.checksums().global !== answer.new_checksum) return this.runFull('checksum_mismatch');
      this.keep(cursor);
      this.log.info('data_sync_completed', { kind: 'delta', records_synced: synced });
      return;
    }
  }

  private async centralSums(): Promise<Checksums> {
    const query = new URLSearchParams({ entity_id: this.entityId });
    const answer = await this.central.get(`${ROUTES.orchestratorsSyncChecksum.path}?${query.toString()}`);
    if (!Sums.Check(answer)) throw new TypeError('the checksums cannot be read');
    return answer.checksums;
  }

  private keep(cursor: string | undefined): void {
    this.place = cursor === undefined ? undefined : { cursor, syncedAtMs: Date.now() };
    this.files.write(CACHE_FILE, this.cache.toState());
    this.files.write(PLACE_FILE, this.place ?? null);
  }

  private load(): void {
    const [state, place] = [this.files.read(CACHE_FILE), this.files.read(PLACE_FILE)];
    if (!isFullState(state) || !isPlace(place)) return;
    try {
      this.cache.replace(state);
      this.place = place;
    } catch (error) {
      this.log.warn('cache_damaged', { message: error instanceof Error ? error.message : String(error) });
      this.cache.replace({});
    }
  }
}

function toChange({ type, operation, id, data }: MapChange): MapChange {
  return { type, operation, id, ...(data === undefined ? {} : { data }) };
}

function isFullState(value: unknown): value is FullState {
  return typeof value === 'object' && value !== null && Object.values(value).every((records) => Array.isArray(records));
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && 'cursor' in value && 'syncedAtMs' in value;
}
