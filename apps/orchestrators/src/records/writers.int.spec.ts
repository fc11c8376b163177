import { ENTITIES_REQUESTS } from '#libs/contracts';
import { MallsUnderTest } from '../../../../test/support/malls-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { SumRepository } from '../sync/sum.repository.js';

const WRITERS = 50;
const WRITES_OF_EACH = 4;

let malls: MallsUnderTest;

beforeAll(async () => {
  malls = await MallsUnderTest.start(2);
}, 60_000);

afterAll(() => malls.stop());

const make = (entity_id: string) => malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Mall' }, entity_id });
const put = (entity_id: string, record_id: string, fields: object) =>
  malls.ask(ENTITIES_REQUESTS.replaceRecord, {
    entity_id,
    collection: 'areas',
    record_id,
    fields: { ...fields },
  });
const told = (entityId: string, count: number) =>
  waitFor(() => malls.eventsOf(entityId).length >= count && malls.eventsOf(entityId), 30_000);
const waiting = async (entityId: string): Promise<number> =>
  (await malls.query(`SELECT 1 FROM "orchestrators"."announcements" WHERE "entityId" = $1`, [entityId])).length;

it('ORC-126 many writers on two replicas leave numbers without a gap and instants that rise with them', async () => {
  await make('busy');
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; n < WRITES_OF_EACH; n++) await put('busy', `area-${writer % 10}`, { writer, n });
    }),
  );
  const versions = await malls.query(
    `SELECT "fromSeq", "changedAt", "recordId", "toSeq" FROM "orchestrators"."record_versions"
     WHERE "entityId" = 'busy' ORDER BY "fromSeq"`,
  );
  expect(versions.map(({ fromSeq }) => fromSeq)).toEqual(versions.map((_, index) => index + 1));
  expect(versions).toHaveLength(WRITERS * WRITES_OF_EACH);
  const instants = versions.map(({ changedAt }) => changedAt.getTime());
  expect(instants.every((instant, index) => index === 0 || instant > instants[index - 1])).toBe(true);
  expect(versions.filter(({ toSeq }) => toSeq === null)).toHaveLength(10);
});

it('ORC-015 ORC-034 the events of all replicas come in the order of the changes, each with the checksum after it', async () => {
  const events = await told('busy', WRITERS * WRITES_OF_EACH);
  expect(events).toHaveLength(WRITERS * WRITES_OF_EACH);
  const { changes } = await malls.ask(ENTITIES_REQUESTS.changes, { entity_id: 'busy', limit: 100 });
  expect(events.slice(0, 100).map(({ data }) => [data.updated_at, data.changes.areas])).toEqual(
    changes.map(({ updated_at, id }) => [updated_at, [id]]),
  );
  const sums = new SumRepository(malls.dataSource);
  for (const seq of [1, 77, 150, WRITERS * WRITES_OF_EACH]) {
    expect(events[seq - 1]?.['data'].checksum).toBe((await sums.globalAt('busy', seq)).global);
  }
  expect(await waiting('busy')).toBe(0);
});

it('what was committed before a crash is told by whoever starts next, in its order', async () => {
  await make('crash');
  await malls.query(`ALTER TABLE "orchestrators"."sums" RENAME TO "sums_away"`);
  for (const n of [1, 2, 3]) await put('crash', `area-${n}`, {});
  expect(await waiting('crash')).toBe(3);
  await malls.stopReplicas();
  await malls.query(`ALTER TABLE "orchestrators"."sums_away" RENAME TO "sums"`);
  expect([malls.eventsOf('crash'), await waiting('crash')]).toEqual([[], 3]);
  await malls.addReplica();
  await malls.addReplica();
  const events = await told('crash', 3);
  expect(events.map(({ data }) => data.changes.areas)).toEqual([['area-1'], ['area-2'], ['area-3']]);
});

it('a failing entity keeps no other waiting', async () => {
  await make('fine');
  await malls.query(
    `INSERT INTO "orchestrators"."entities" ("entityId", "name", "changeSeq") VALUES ('broken', 'x', 1)`,
  );
  await malls.query(
    `INSERT INTO "orchestrators"."announcements" VALUES ('broken', 7, now(), '{"areas":[],"beacons":[],"merchants":[],"connections":[]}')`,
  );
  await put('fine', 'area-1', {});
  await told('fine', 1);
  expect(await waiting('broken')).toBe(1);
  await malls.ask(ENTITIES_REQUESTS.remove, { entity_id: 'broken' });
});

it('an event that is brought to the broker once more is not stored twice', async () => {
  await make('repeat');
  await put('repeat', 'area-1', {});
  await told('repeat', 1);
  const [{ key }] = (await malls.query(
    `SELECT 'data_update:' || "entityId" || ':' || (extract(epoch FROM date_trunc('milliseconds', "createdAt")) * 1000)::bigint || ':1'
       AS key FROM "orchestrators"."entities" WHERE "entityId" = 'repeat'`,
  )) as [{ key: string }];
  // As if the process had died between the broker's answer and the deletion of the row.
  await malls.query(
    `INSERT INTO "orchestrators"."outbox" ("subject", "messageId", "body") VALUES ('orc.events.repeat', $1, '{}')`,
    [key],
  );
  await waitFor(async () => (await malls.query(`SELECT 1 FROM "orchestrators"."outbox"`)).length === 0);
  expect(await malls.storedOf('ORCHESTRATOR_EVENTS', 'orc.events.repeat')).toBe(1);
});
