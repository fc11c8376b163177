import fc from 'fast-check';
import {
  type Collection,
  COLLECTIONS,
  collectionChecksum,
  DELTA_PAGE_CHANGES,
  type DeltaQuery,
  globalChecksum,
  recordChecksum,
} from '#libs/contracts';
import { SyncStage } from '../../../../test/support/sync-stage.js';
import { SyncService } from './sync.service.js';

const WRITERS = 20;
const WRITES_EACH = 15;
const PLURALS = { area: 'areas', beacon: 'beacons', merchant: 'merchants', connection: 'connections' } as const;

let stage: SyncStage;
let sync: SyncService;

beforeAll(async () => {
  stage = await SyncStage.open();
  sync = stage.service.app.get(SyncService, { strict: false });
}, 60_000);

afterAll(() => stage.close());

/** What an orchestrator keeps, and where it stands. */
class Replica {
  readonly records = new Map<string, Record<string, any>>();

  constructor(
    readonly entityId: string,
    private readonly pageSize = DELTA_PAGE_CHANGES,
  ) {}

  /** Reads the whole state; answers the start. */
  async full() {
    const start = await sync.startFull(this.entityId);
    this.records.clear();
    for (const collection of COLLECTIONS) {
      for (let after: string | null = ''; after !== null;) {
        const query = { entity_id: this.entityId, cursor: start.cursor, collection, format: 'full', after } as const;
        const part = await sync.records(query);
        for (const record of JSON.parse(`[${part.records}]`)) this.records.set(`${collection}/${record.id}`, record);
        after = part.next;
      }
    }
    if (this.sum() !== start.checksum) throw new Error('The records are not those of the checksum.');
    return start;
  }

  /** Walks a delta to its end, page by page; answers its start, the changes and where the next one begins. */
  async delta(from: Omit<DeltaQuery, 'entity_id'>) {
    const start = await sync.startDelta({ entity_id: this.entityId, ...from });
    const changes: any[] = [];
    let [cursor, hasMore] = [start.cursor, true];
    while (hasMore) {
      const part = await sync.changes({ entity_id: this.entityId, cursor, limit: this.pageSize });
      const page = JSON.parse(`[${part.changes}]`);
      if (page.length !== part.count || page.length > this.pageSize) throw new Error('The page has another size.');
      changes.push(...page);
      [cursor, hasMore] = [part.cursor, part.has_more];
    }
    for (const change of changes) this.apply(change);
    return { start, changes, cursor };
  }

  sum(): string {
    const of = (name: Collection): string =>
      collectionChecksum(
        [...this.records]
          .filter(([key]) => key.startsWith(`${name}/`))
          .map(([, record]) => ({ id: record['id'], checksum: recordChecksum(record) })),
      );
    return globalChecksum({
      areas: of('areas'),
      beacons: of('beacons'),
      merchants: of('merchants'),
      connections: of('connections'),
    });
  }

  private apply({ type, operation, id, data }: any): void {
    const key = `${PLURALS[type as keyof typeof PLURALS]}/${id}`;
    if (operation === 'delete') this.records.delete(key);
    else this.records.set(key, data);
  }
}

const wish = fc.record({
  collection: fc.constantFrom(...COLLECTIONS),
  id: fc.constantFrom('a', 'B', 'é', '😀', '~'),
  fields: fc.option(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 })),
});

it('ORC-033 for any S and T the delta from S to T makes the state at S that at T, on pages of any size', async () => {
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(fc.array(wish, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 }),
    fc.nat(),
    fc.integer({ min: 1, max: 7 }),
    async (transactions, pick, pageSize) => {
      const entityId = `property-${String(run++)}`;
      await stage.entity(entityId);
      const replica = new Replica(entityId, pageSize);
      const from = pick % transactions.length;
      let position = { cursor: '', since: '', seq: 0, checksum: '' };
      for (const [index, wishes] of transactions.entries()) {
        if (index === from) {
          const { cursor, timestamp: since, checksum } = await replica.full();
          position = { cursor, since, seq: await stage.seq(entityId), checksum };
        }
        await stage.write(
          entityId,
          wishes.map(({ collection, id, fields }) =>
            fields === null
              ? { kind: 'delete', collection, id }
              : { kind: 'put', collection, id, fields: structuredClone(fields) as any },
          ),
        );
      }
      const byInstant = new Replica(entityId, pageSize);
      for (const [key, record] of replica.records) byInstant.records.set(key, record);
      const { start, changes } = await replica.delta({ cursor: position.cursor, local_checksum: position.checksum });
      expect(changes).toHaveLength((await stage.seq(entityId)) - position.seq);
      expect([start.base_checksum, start.new_checksum]).toEqual([position.checksum, replica.sum()]);
      expect((await byInstant.delta({ since: position.since })).changes).toEqual(changes);
      const fresh = new Replica(entityId);
      expect((await fresh.full()).checksum).toBe(start.new_checksum);
      expect(Object.fromEntries(replica.records)).toEqual(Object.fromEntries(fresh.records));
    },
  );
  await fc.assert(property, { numRuns: 60 });
}, 120_000);

it('ORC-033 readers that walk while 20 writers commit end with exactly what is there, by instant and by cursor', async () => {
  await stage.entity('busy');
  const [byInstant, byCursor] = [new Replica('busy', 7), new Replica('busy', 7)];
  let since = (await byInstant.full()).timestamp;
  let { cursor } = await byCursor.full();
  let isWriting = true;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let n = 0; n < WRITES_EACH; n++) {
      const collection = COLLECTIONS[(writer + n) % COLLECTIONS.length]!;
      const own = { collection, id: `own-${String(writer)}-${String(n)}` };
      const shared = { collection, id: `shared-${String(n % 3)}` };
      await stage.write('busy', [
        { kind: 'put', ...own, fields: { writer, n } },
        n % 2 === 0 ? { kind: 'put', ...shared, fields: { writer, n } } : { kind: 'delete', ...shared },
      ]);
    }
  });
  const walkByInstant = async (): Promise<void> => {
    const { start } = await byInstant.delta({ since, local_checksum: byInstant.sum() });
    expect(byInstant.sum()).toBe(start.new_checksum);
    since = start.timestamp;
  };
  const walkByCursor = async (): Promise<void> => {
    const walk = await byCursor.delta({ cursor, local_checksum: byCursor.sum() });
    expect(byCursor.sum()).toBe(walk.start.new_checksum);
    cursor = walk.cursor;
  };
  const fresh = new Replica('busy');
  const readAll = async (): Promise<void> => void (await fresh.full());
  const whileWriting = async (walk: () => Promise<void>): Promise<void> => {
    while (isWriting) await walk();
    await walk();
  };
  const readers = [whileWriting(walkByInstant), whileWriting(walkByCursor), whileWriting(readAll)];
  await Promise.all(writers).finally(() => (isWriting = false));
  await Promise.all(readers);
  const { checksum } = await fresh.full();
  expect([byInstant.sum(), byCursor.sum()]).toEqual([checksum, checksum]);
  for (const { records } of [byInstant, byCursor])
    expect(Object.fromEntries(records)).toEqual(Object.fromEntries(fresh.records));
}, 60_000);

it('a cursor of changes that a restored backup does not have is answered with a full sync', async () => {
  await stage.entity('restored');
  const put = (id: string) =>
    stage.write('restored', [{ kind: 'put', collection: 'areas', id, fields: { name: id } }] as never);
  await put('kept');
  const backup = await stage.seq('restored');
  await put('lost');
  const { cursor } = await sync.startFull('restored');
  await stage.query(`UPDATE "orchestrators"."entities" SET "changeSeq" = $1 WHERE "entityId" = 'restored'`, [backup]);
  await expect(sync.startDelta({ entity_id: 'restored', cursor })).rejects.toMatchObject({
    code: 'SYNC_HISTORY_EXPIRED',
  });
});
