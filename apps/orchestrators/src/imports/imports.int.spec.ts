import { ENTITIES_REQUESTS, type ImportDto, type ImportRow, IMPORTS_REQUESTS } from '#libs/contracts';
import { MallsUnderTest } from '../../../../test/support/malls-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { ImportRepository } from './import.repository.js';
import { ImportSweeper } from './import.sweeper.js';

let malls: MallsUnderTest;

beforeAll(async () => {
  malls = await MallsUnderTest.start(2);
}, 60_000);

afterAll(() => malls.stop());

async function begin(entity_id: string, mode: 'merge' | 'replace' = 'merge'): Promise<ImportDto> {
  await malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Mall' }, entity_id }).catch(() => undefined);
  return malls.ask(IMPORTS_REQUESTS.begin, { entity_id, mode, by: 'user:1' });
}
const areas = (...ids: string[]): ImportRow[] =>
  ids.map((record_id, index) => ({ row: index + 1, collection: 'areas', record_id, fields: { name: record_id } }));
const store = ({ entity_id, import_id }: ImportDto, batch: number, rows: readonly ImportRow[]) =>
  malls.ask(IMPORTS_REQUESTS.store, { entity_id, import_id, batch, rows });
const end = ({ entity_id, import_id }: ImportDto, state: 'completed' | 'interrupted' = 'completed') =>
  malls.ask(IMPORTS_REQUESTS.end, { entity_id, import_id, state });
const rowsOf = async ({ entity_id, import_id }: ImportDto) =>
  (await malls.ask(IMPORTS_REQUESTS.rows, { entity_id, import_id, limit: 100 })).rows;
const idsOf = async (entity_id: string): Promise<string[]> =>
  (await malls.ask(ENTITIES_REQUESTS.listRecords, { entity_id, collection: 'areas', limit: 100 })).records.map(
    ({ id }) => id,
  );

it('ORC-126 a batch that comes twice, also at once on two replicas, is stored once', async () => {
  const begun = await begin('twice');
  const answers = await Promise.all(Array.from({ length: 6 }, () => store(begun, 1, areas('a', 'b'))));
  for (const { counts } of answers) expect(counts).toMatchObject({ rows: 2, created: 2, unchanged: 0 });
  expect(await rowsOf(begun)).toMatchObject([
    { row: 1, id: 'a', result: 'created' },
    { row: 2, id: 'b', result: 'created' },
  ]);
  await waitFor(() => malls.eventsOf('twice').length === 1);
});

it('reports each row, and gives a record without an id one that it gets again', async () => {
  const rows: ImportRow[] = [
    { row: 1, collection: 'areas', fields: { name: 'same' } },
    { row: 2, collection: 'areas', fields: { name: 'same' } },
    { row: 3, error: 'The row is not JSON.' },
    { row: 4, collection: 'areas', record_id: 'x', error: 'name must be text, or null.' },
    { row: 5, collection: 'areas', record_id: 'd', fields: { n: 1 } },
    { row: 6, collection: 'areas', record_id: 'd', fields: { n: 2 } },
  ];
  const begun = await begin('rows');
  const { counts } = await store(begun, 1, rows);
  expect(counts).toEqual({ rows: 6, created: 2, updated: 1, unchanged: 1, failed: 2, deleted: 0 });
  const report = await rowsOf(begun);
  expect(report.map(({ result }) => result)).toEqual([
    'created',
    'unchanged',
    'failed',
    'failed',
    'created',
    'updated',
  ]);
  expect(report[0]?.id).toMatch(/^area-[0-9a-f]{32}$/);
  expect(report[2]).toEqual({ row: 3, collection: null, id: null, result: 'failed', error: 'The row is not JSON.' });
  const again = await begin('rows');
  expect((await store(again, 1, rows.slice(0, 1))).counts).toMatchObject({ created: 0, unchanged: 1 });
});

it('replaces collection by collection what the upload does not have', async () => {
  const first = await begin('replaced');
  await store(first, 1, [...areas('a', 'b', 'c'), { row: 4, collection: 'beacons', record_id: 'kept', fields: {} }]);
  await end(first);
  const second = await begin('replaced', 'replace');
  await store(second, 1, areas('b', 'd'));
  const { entity_id, import_id } = second;
  const pruning = { entity_id, import_id, collections: ['areas'], after: null } as const;
  expect(await malls.ask(IMPORTS_REQUESTS.prune, pruning)).toEqual({ next: null });
  expect(await end(second)).toMatchObject({ state: 'completed', error: null, counts: { created: 1, deleted: 2 } });
  expect(await idsOf('replaced')).toEqual(['b', 'd']);
  const { records } = await malls.ask(ENTITIES_REQUESTS.listRecords, { entity_id, collection: 'beacons', limit: 9 });
  expect(records.map(({ id }) => id)).toEqual(['kept']);
});

it('deletes nothing when a row does not say which record it is', async () => {
  const first = await begin('careful');
  await store(first, 1, areas('a', 'b'));
  const second = await begin('careful', 'replace');
  await store(second, 1, [...areas('b'), { row: 2, error: 'The row is not JSON.' }]);
  const { entity_id, import_id } = second;
  await malls.ask(IMPORTS_REQUESTS.prune, { entity_id, import_id, collections: ['areas'], after: null });
  expect(await end(second)).toMatchObject({ state: 'completed', counts: { deleted: 0 } });
  expect((await malls.ask(IMPORTS_REQUESTS.get, { entity_id, import_id })).error).toMatch(/^Nothing was deleted/);
  expect(await idsOf('careful')).toEqual(['a', 'b']);
});

it('marks an import of which nothing more came, takes no more of it, and takes the same upload anew', async () => {
  const broken = await begin('broken');
  await store(broken, 1, areas('a', 'b'));
  await malls.query(
    `UPDATE "orchestrators"."imports" SET "touchedAt" = now() - interval '1 hour' WHERE "importId" = $1`,
    [broken.import_id],
  );
  const sweeper = new ImportSweeper(new ImportRepository(malls.dataSource), { historyDays: 30, importReportDays: 7 });
  await sweeper.sweep();
  expect(await store(broken, 2, areas('c'))).toMatchObject({ state: 'interrupted', counts: { rows: 2 } });
  expect(await end(broken)).toMatchObject({ state: 'interrupted' });
  expect(await idsOf('broken')).toEqual(['a', 'b']);
  const anew = await begin('broken');
  expect((await store(anew, 1, areas('a', 'b', 'c'))).counts).toMatchObject({ created: 1, unchanged: 2 });
});

it('forgets reports after a week, a page at a time', async () => {
  const [old, young] = [await begin('reports'), await begin('reports')];
  for (const begun of [old, young]) await end(await store(begun, 1, areas('a', 'b', 'c')));
  await malls.query(
    `UPDATE "orchestrators"."imports" SET "startedAt" = now() - interval '8 days' WHERE "importId" = $1`,
    [old.import_id],
  );
  const imports = new ImportRepository(malls.dataSource);
  expect([await imports.forget(7, 2), await imports.forget(7, 2), await imports.forget(7, 2)]).toEqual([
    true,
    true,
    false,
  ]);
  const { imports: left } = await malls.ask(IMPORTS_REQUESTS.list, { entity_id: 'reports', limit: 10 });
  expect(left.map(({ import_id }) => import_id)).toEqual([young.import_id]);
  await expect(rowsOf(old)).rejects.toMatchObject({ code: 'IMPORT_NOT_FOUND' });
  expect(await rowsOf(young)).toHaveLength(3);
});

it('is unknown to another entity', async () => {
  const begun = await begin('mine');
  await begin('theirs');
  await store(begun, 1, areas('a'));
  await expect(rowsOf({ ...begun, entity_id: 'theirs' })).rejects.toMatchObject({ code: 'IMPORT_NOT_FOUND' });
  await expect(store({ ...begun, entity_id: 'theirs' }, 2, areas('b'))).rejects.toMatchObject({
    code: 'IMPORT_NOT_FOUND',
  });
});
