import {
  type Checksums,
  type Collection,
  collectionChecksum,
  COLLECTIONS,
  globalChecksum,
  RECORD_TYPES,
  recordChecksum,
} from '#libs/contracts';

/** A record of the map as it came. */
export type MapRecord = Readonly<Record<string, unknown>>;

/** One change of a delta as it came. */
export interface MapChange {
  readonly type: string;
  readonly operation: string;
  readonly id: string;
  readonly data?: MapRecord;
}

export type FullState = Readonly<Partial<Record<Collection, readonly MapRecord[]>>>;

/** What to do about a difference between two sets of checksums (orchestrators.txt 3.3, decision C17). */
export type Remedy = 'none' | 'delta' | 'full';

/** One collection that differs is mended by a delta, several by everything anew. */
export function remedyFor(local: Checksums, central: Checksums): Remedy {
  const differing = COLLECTIONS.filter((name) => local[name] !== central[name]).length;
  if (differing === 0) return 'none';
  return differing === 1 ? 'delta' : 'full';
}

/** The mall's map as the orchestrator knows it. */
export class RecordCache {
  /** Per collection, key: record id. */
  private readonly records: Readonly<Record<Collection, Map<string, MapRecord>>> = {
    areas: new Map(),
    beacons: new Map(),
    connections: new Map(),
    merchants: new Map(),
  };

  /** Replaces everything. @throws Error when a record is not the one that its checksum was taken of */
  replace(state: FullState): void {
    for (const collection of COLLECTIONS) {
      const records = state[collection] ?? [];
      this.records[collection].clear();
      for (const record of records) this.put(collection, idOf(record), record);
    }
  }

  /** Applies one change of a delta. */
  apply({ type, operation, id, data }: MapChange): void {
    const collection = COLLECTIONS.find((name) => RECORD_TYPES[name] === type);
    if (collection === undefined) return;
    if (operation === 'delete') this.records[collection].delete(id);
    else if (data !== undefined) this.put(collection, id, data);
  }

  checksums(): Checksums {
    const sums = { areas: '', beacons: '', connections: '', merchants: '' };
    for (const collection of COLLECTIONS) {
      const entries = [...this.records[collection]].map(([id, { checksum }]) => ({ id, checksum: String(checksum) }));
      sums[collection] = collectionChecksum(entries);
    }
    return { ...sums, global: globalChecksum(sums) };
  }

  get(collection: Collection, id: string): MapRecord | undefined {
    return this.records[collection].get(id);
  }

  list(collection: Collection): MapRecord[] {
    return [...this.records[collection].values()];
  }

  get count(): number {
    return COLLECTIONS.reduce((sum, collection) => sum + this.records[collection].size, 0);
  }

  /** Everything, for keeping. */
  toState(): FullState {
    return Object.fromEntries(COLLECTIONS.map((collection) => [collection, this.list(collection)]));
  }

  private put(collection: Collection, id: string, record: MapRecord): void {
    if (record['checksum'] !== recordChecksum(record)) throw new Error(`${collection} "${id}" came damaged.`);
    this.records[collection].set(id, record);
  }
}

function idOf({ id }: MapRecord): string {
  if (typeof id !== 'string') throw new Error('A record came without an id.');
  return id;
}
