import { ENTITIES_REQUESTS, type WireRecord } from '#libs/contracts';
import { MallsUnderTest } from '../../../../test/support/malls-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { SumRepository } from '../sync/sum.repository.js';
import { HistoryRepository } from './history.repository.js';
import { HistorySweeper } from './history.sweeper.js';

const DAYS = 30;

let malls: MallsUnderTest;
let history: HistoryRepository;

beforeAll(async () => {
  malls = await MallsUnderTest.start();
  history = new HistoryRepository(malls.dataSource);
}, 60_000);

afterAll(() => malls.stop());

const ref = (entity_id: string, record_id: string) => ({ entity_id, collection: 'areas', record_id }) as const;
const put = async (entityId: string, id: string, n: number): Promise<WireRecord> =>
  (await malls.ask(ENTITIES_REQUESTS.replaceRecord, { ...ref(entityId, id), fields: { n } })).record;
const drop = (entityId: string, id: string) => malls.ask(ENTITIES_REQUESTS.deleteRecord, ref(entityId, id));
const kept = async (entityId: string): Promise<number[]> =>
  (
    await malls.query(
      `SELECT "fromSeq" FROM "orchestrators"."record_versions" WHERE "entityId" = $1 ORDER BY "fromSeq"`,
      [entityId],
    )
  ).map(({ fromSeq }) => fromSeq);
const horizon = async (entityId: string): Promise<Record<string, any>> =>
  (
    await malls.query(
      `SELECT "expiredSeq" AS seq, "expiredAt" AS at FROM "orchestrators"."entities" WHERE "entityId" = $1`,
      [entityId],
    )
  )[0]!;
/** Lets the first changes of an entity have been made 31 days ago. */
const age = (entityId: string, toSeq: number) =>
  malls.query(
    `UPDATE "orchestrators"."record_versions" SET "changedAt" = "changedAt" - interval '31 days'
     WHERE "entityId" = $1 AND "fromSeq" <= $2`,
    [entityId, toSeq],
  );

/** Changes 1 to 6: a made, b made, a changed, b deleted, a changed, c made. */
async function mall(entityId: string): Promise<void> {
  await malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Mall' }, entity_id: entityId });
  await put(entityId, 'a', 1);
  await put(entityId, 'b', 1);
  await put(entityId, 'a', 2);
  await drop(entityId, 'b');
  await put(entityId, 'a', 3);
  await put(entityId, 'c', 1);
  await waitFor(() => malls.eventsOf(entityId).length === 6);
}

it('ORC-126 forgets what was replaced or deleted more than 30 days ago, and says up to where', async () => {
  await mall('old');
  await age('old', 4);
  const sums = new SumRepository(malls.dataSource);
  const before = await sums.globalAt('old', 4);
  expect(await history.forget('old', DAYS, 100)).toBe(false);
  // Change 3 was replaced by change 5, which is young: the state at 4 is still known.
  expect(await kept('old')).toEqual([3, 5, 6]);
  expect(await horizon('old')).toMatchObject({ seq: 4 });
  await malls.query(`TRUNCATE "orchestrators"."sums"`);
  expect(await sums.globalAt('old', 4)).toEqual(before);
  await expect(sums.globalAt('old', 3)).rejects.toMatchObject({ code: 'SYNC_HISTORY_EXPIRED' });
  const { changes } = await malls.ask(ENTITIES_REQUESTS.changes, { entity_id: 'old', limit: 10 });
  expect(changes.map(({ sequence }) => sequence)).toEqual([3, 5, 6]);
});

it('forgets in pages, oldest first, and moves the horizon with each', async () => {
  await mall('paged');
  await age('paged', 6);
  const seqs: number[] = [];
  for (let more = true; more;) {
    more = await history.forget('paged', DAYS, 1);
    seqs.push((await horizon('paged'))['seq']);
  }
  expect(await kept('paged')).toEqual([5, 6]);
  expect(seqs).toEqual([4, 4, 5, 5]);
});

it('keeps the present, however old, and does not move the horizon for nothing', async () => {
  await malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Mall' }, entity_id: 'still' });
  await put('still', 'a', 1);
  await age('still', 1);
  expect(await history.forget('still', DAYS, 100)).toBe(false);
  expect([await kept('still'), await horizon('still')]).toEqual([[1], { seq: 0, at: null }]);
});

it('keeps what an event that was not told yet needs for its checksum', async () => {
  await mall('untold');
  await age('untold', 6);
  await malls.query(`INSERT INTO "orchestrators"."announcements" VALUES ('untold', 3, now() + interval '1 day', '{}')`);
  await history.forget('untold', DAYS, 100);
  expect((await horizon('untold'))['seq']).toBeLessThanOrEqual(3);
  expect(await kept('untold')).toContain(4);
  await malls.query(`DELETE FROM "orchestrators"."announcements" WHERE "entityId" = 'untold'`);
});

it('looks at every entity in its round', async () => {
  await Promise.all(['round-1', 'round-2'].map(mall));
  await Promise.all(['round-1', 'round-2'].map((entityId) => age(entityId, 6)));
  await new HistorySweeper(history, { historyDays: DAYS, importReportDays: 7 }).sweep();
  expect(await Promise.all(['round-1', 'round-2'].map(kept))).toEqual([
    [5, 6],
    [5, 6],
  ]);
});
