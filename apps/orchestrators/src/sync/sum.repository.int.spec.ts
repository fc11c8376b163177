import { type Collection, COLLECTIONS, collectionChecksum, globalChecksum, recordChecksum } from '#libs/contracts';
import { SyncStage } from '../../../../test/support/sync-stage.js';
import { SumRepository } from './sum.repository.js';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
let mall: SyncStage;
let sums: SumRepository;

beforeAll(async () => {
  mall = await SyncStage.open();
  sums = new SumRepository(mall.dataSource);
}, 60_000);

afterAll(() => mall.close());

/** Makes one change each; answers the number of the last. A record that is null shall not be there. */
async function change(
  entityId: string,
  changes: readonly { collection: Collection; id: string; record: Record<string, unknown> | null }[],
): Promise<number> {
  await mall.write(
    entityId,
    changes.map(({ record, ...key }) =>
      record === null ? { kind: 'delete', ...key } : { kind: 'put', ...key, fields: record },
    ),
  );
  return mall.seq(entityId);
}

/** Sums as the contracts define them, of the records that a query finds. */
async function expected(entityId: string): Promise<Record<Collection | 'global', string>> {
  const rows = await mall.query(
    `SELECT "collection", "recordId", "dataJson" FROM "orchestrators"."record_versions"
     WHERE "entityId" = $1 AND "toSeq" IS NULL AND "operation" <> 'delete'`,
    [entityId],
  );
  const of = (name: Collection): string =>
    collectionChecksum(
      rows
        .filter(({ collection }) => collection === name)
        .map(({ recordId, dataJson }) => ({ id: recordId, checksum: recordChecksum(dataJson) })),
    );
  const all = {
    areas: of('areas'),
    beacons: of('beacons'),
    merchants: of('merchants'),
    connections: of('connections'),
  };
  return { ...all, global: globalChecksum(all) };
}

it('ORC-034 an entity without records has the sums of nothing', async () => {
  await mall.entity('empty');
  const { global, ...rest } = await sums.globalAt('empty', 0);
  expect(Object.values(rest)).toEqual([EMPTY, EMPTY, EMPTY, EMPTY]);
  expect(global).toBe(globalChecksum({ areas: EMPTY, beacons: EMPTY, merchants: EMPTY, connections: EMPTY }));
});

it('ORC-034 one changed merchant changes the sums of merchants and of all alone', async () => {
  await mall.entity('m1');
  const ids = ['b', 'a', 'Z', 'é', 'z', '😀', '￿', 'a-1', 'a1'];
  const seq = await change(
    'm1',
    COLLECTIONS.flatMap((collection) => ids.map((id) => ({ collection, id, record: { name: `${id}"\u2028` } }))),
  );
  const before = await sums.globalAt('m1', seq);
  expect(before).toEqual(await expected('m1'));
  const after = await sums.globalAt('m1', await change('m1', [{ collection: 'merchants', id: 'b', record: {} }]));
  expect(after).toEqual(await expected('m1'));
  expect(after).toEqual({ ...before, merchants: after.merchants, global: after.global });
  expect(after.merchants).not.toBe(before.merchants);
});

it('ORC-034 the sums at any change of the past are those that were true then', async () => {
  await mall.entity('past');
  const seen: (readonly [number, Record<string, string>])[] = [];
  const steps: readonly (readonly [Collection, string, object | null])[] = [
    ['areas', 'a', { n: 1 }],
    ['areas', 'b', { n: 1 }],
    ['beacons', 'a', { n: 1 }],
    ['areas', 'a', { n: 2 }],
    ['areas', 'b', null],
    ['beacons', 'a', null],
    ['areas', 'b', { n: 3 }],
  ];
  for (const [collection, id, record] of steps) {
    const seq = await change('past', [{ collection, id, record: record && { ...record } }]);
    seen.push([seq, await expected('past')]);
  }
  for (const [seq, then] of seen) expect([seq, await sums.globalAt('past', seq)]).toEqual([seq, then]);
});

it('ORC-126 a collection is summed once for all who ask, on every replica, and again only when it changes', async () => {
  await mall.entity('once');
  const seq = await change('once', [{ collection: 'areas', id: 'a', record: {} }]);
  const statements: string[] = [];
  const counted = Object.create(mall.dataSource);
  counted.query = (sql: string, parameters: unknown[]) => {
    if (sql.includes('string_agg')) statements.push(String(parameters[1]));
    return mall.dataSource.query(sql, parameters);
  };
  const [one, other] = [new SumRepository(counted), new SumRepository(counted)];
  await Promise.all(Array.from({ length: 10 }, () => one.globalAt('once', seq)));
  expect(statements.sort()).toEqual(['areas', 'beacons', 'connections', 'merchants']);
  await other.globalAt('once', seq);
  await other.globalAt('once', await change('once', [{ collection: 'areas', id: 'b', record: {} }]));
  expect(statements.slice(4)).toEqual(['areas']);
});

it('ORC-126 a bounded number of sums is kept, and an unknown or forgotten state is refused', async () => {
  await mall.entity('bounded');
  for (let n = 0; n < 110; n++) {
    const seq = await change('bounded', [{ collection: 'areas', id: 'a', record: { n } }]);
    await sums.globalAt('bounded', seq);
  }
  const [{ count }] = (await mall.query(
    `SELECT count(*) AS count FROM "orchestrators"."sums" WHERE "entityId" = 'bounded' AND "collection" = 'areas'`,
  )) as [{ count: number }];
  expect(count).toBeGreaterThanOrEqual(100);
  expect(count).toBeLessThanOrEqual(101);
  await mall.query(`UPDATE "orchestrators"."entities" SET "expiredSeq" = 50 WHERE "entityId" = 'bounded'`);
  await expect(sums.globalAt('bounded', 49)).rejects.toMatchObject({ code: 'SYNC_HISTORY_EXPIRED' });
  await expect(sums.globalAt('bounded', 111)).rejects.toMatchObject({ code: 'SYNC_HISTORY_EXPIRED' });
  await expect(sums.globalAt('nowhere', 0)).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' });
});

it('ORC-126 a forgotten tombstone does not bring back the sum from before the deletion', async () => {
  await mall.entity('tomb');
  await sums.globalAt('tomb', await change('tomb', [{ collection: 'areas', id: 'a', record: {} }]));
  const seq = await change('tomb', [{ collection: 'areas', id: 'b', record: {} }]);
  const both = await sums.globalAt('tomb', seq);
  const deleted = await change('tomb', [{ collection: 'areas', id: 'b', record: null }]);
  await mall.query(`DELETE FROM "orchestrators"."record_versions" WHERE "entityId" = 'tomb' AND "recordId" = 'b'`);
  await mall.query(`UPDATE "orchestrators"."entities" SET "expiredSeq" = $1 WHERE "entityId" = 'tomb'`, [deleted]);
  const after = await sums.globalAt('tomb', deleted);
  expect(after).toEqual(await expected('tomb'));
  expect(after.areas).not.toBe(both.areas);
});
