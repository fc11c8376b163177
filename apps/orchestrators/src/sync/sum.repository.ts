import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Checksums, checksumText, type Collection, COLLECTIONS, globalChecksum } from '#libs/contracts';
import { entityNotFound } from '../entities/entity-not-found.js';
import { historyExpired } from './sync.errors.js';
import { FIND_SUMS, JOIN_WHOLE_SETS, KEEP_SUM, SUM_PAST, SUM_PRESENT, TOUCH_SUM } from './sum.statements.js';

/** Sums of one collection that are kept: the last ones asked for. */
const SUMS_KEPT = 100;

/** What a mall's collections add up to at one change. */
export interface MallSums {
  readonly checksums: Checksums;
  /** Records per collection. */
  readonly totals: Readonly<Record<Collection, number>>;
}

interface CollectionSum {
  readonly sum: Buffer;
  readonly records: number;
}

interface PastSum extends CollectionSum {
  /** Null when the entity is gone. */
  readonly expiredSeq: number | null;
}

/** The state that a sum is of: a collection of an entity as its change `seq` left it. */
interface SumKey {
  readonly entityId: string;
  readonly collection: Collection;
  readonly seq: number;
}

interface FoundSum extends Omit<SumKey, 'entityId'> {
  readonly changeSeq: number;
  readonly expiredSeq: number;
  readonly sum: Buffer | null;
  readonly records: number;
  readonly isFading: boolean | null;
}

/**
 * Checksums of the records of an entity at any change whose history is kept. A collection is summed once per change of its
 * own, whoever asks on whichever replica.
 */
@Injectable()
export class SumRepository {
  /** Sums that are being made; key: entity, collection and change. */
  private readonly making = new Map<string, Promise<CollectionSum>>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Checksums after change `seq`, which has been committed.
   * @throws MusterError `ENTITY_NOT_FOUND`; `SYNC_HISTORY_EXPIRED` when the state at `seq` is no longer known.
   */
  async globalAt(entityId: string, seq: number): Promise<Checksums> {
    return (await this.at(entityId, seq)).checksums;
  }

  /** As {@link globalAt}, with how many records there are. */
  async at(entityId: string, seq: number): Promise<MallSums> {
    const found = await this.dataSource.query<readonly FoundSum[]>(FIND_SUMS, [entityId, seq, COLLECTIONS]);
    const [first] = found;
    if (!first) throw entityNotFound(entityId);
    if (first.expiredSeq > seq || first.changeSeq < seq) throw historyExpired(entityId);
    const entries = await Promise.all(
      found.map(async (row) => [row.collection, await this.sumOf(entityId, row)] as const),
    );
    const sums = new Map(entries);
    return {
      checksums: withGlobal(eachCollection((name) => checksumText(sumIn(sums, name).sum))),
      totals: eachCollection((name) => sumIn(sums, name).records),
    };
  }

  private async sumOf(entityId: string, { collection, seq, sum, records, isFading }: FoundSum): Promise<CollectionSum> {
    const key = { entityId, collection, seq };
    if (sum === null) return this.makeOnce(key);
    if (isFading === true) await this.dataSource.query(TOUCH_SUM, [entityId, collection, seq]);
    return { sum, records };
  }

  private makeOnce(key: SumKey): Promise<CollectionSum> {
    const name = `${key.entityId} ${key.collection} ${String(key.seq)}`;
    const running = this.making.get(name);
    if (running) return running;
    const made = this.make(key).finally(() => this.making.delete(name));
    this.making.set(name, made);
    return made;
  }

  private async make(key: SumKey): Promise<CollectionSum> {
    const { entityId, collection, seq } = key;
    const made = (await this.sumPresent(key)) ?? (await this.sumPast(key));
    await this.dataSource.query(KEEP_SUM, [entityId, collection, seq, made.sum, made.records, SUMS_KEPT]);
    return made;
  }

  /** The sum of what there is now, unless the collection changed after `seq`. */
  private async sumPresent({ entityId, collection, seq }: SumKey): Promise<CollectionSum | undefined> {
    const [row] = await this.dataSource.query<readonly (CollectionSum & { lastSeq: number })[]>(SUM_PRESENT, [
      entityId,
      collection,
    ]);
    return row && row.lastSeq <= seq ? row : undefined;
  }

  private async sumPast({ entityId, collection, seq }: SumKey): Promise<CollectionSum> {
    const [row] = await this.dataSource.transaction(async (tx) => {
      await tx.query(JOIN_WHOLE_SETS);
      return tx.query<readonly PastSum[]>(SUM_PAST, [entityId, collection, seq]);
    });
    if (!row || row.expiredSeq === null) throw entityNotFound(entityId);
    if (row.expiredSeq > seq) throw historyExpired(entityId);
    return row;
  }
}

function sumIn(sums: ReadonlyMap<Collection, CollectionSum>, name: Collection): CollectionSum {
  const sum = sums.get(name);
  if (!sum) throw new TypeError(`There is no sum of ${name}.`);
  return sum;
}

function withGlobal(sums: Readonly<Record<Collection, string>>): Checksums {
  return { ...sums, global: globalChecksum(sums) };
}

/** In the order in which the documents name the collections. */
function eachCollection<T>(valueOf: (collection: Collection) => T): Record<Collection, T> {
  return {
    areas: valueOf('areas'),
    beacons: valueOf('beacons'),
    merchants: valueOf('merchants'),
    connections: valueOf('connections'),
  };
}
