import { BEACONS_REQUESTS, type AccessLog } from '#libs/contracts';
import { BeaconDevice } from '../../../../test/support/beacon-device.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { AccessLogRepository } from './access-log.repository.js';
import { LogSearch } from './log.search.js';
import { LogShelf } from './log.shelf.js';
import { RetentionSweeper } from './retention.sweeper.js';

const DAY_MS = 86_400_000;

let stage: MallStage;
let beacon: BeaconDevice;
let entityId: string;

beforeAll(async () => {
  stage = await MallStage.open({ ACCESS_LOG_RETENTION_DAYS: '365' });
  const orchestrator = await MallOrchestrator.ofNewMall(await stage.as('admin'));
  entityId = orchestrator.entityId;
  beacon = new BeaconDevice(entityId, orchestrator);
  await beacon.register();
}, 120_000);

afterAll(() => stage.close());

const provider = <T>(type: new (...args: any[]) => T): T => stage.service('beacons').app.get(type, { strict: false });
const logs = (count: number, fromMs: number, user = 'user'): AccessLog[] =>
  Array.from({ length: count }, (_, n) => ({
    at_ms: fromMs + n * 1_000,
    user_id: `${user}-${n % 50}`,
    device_id: `phone-${n % 50}`,
    result: 'success',
    method: 'ecdsa_proof',
    error: null,
    duration_ms: 100,
  }));
const upload = (batchId: string, rows: readonly AccessLog[]) => ({
  entityId,
  beaconId: beacon.beaconId,
  batch: { beacon_id: beacon.beaconId, entity_id: entityId, batch_id: batchId, request_id: null, logs: rows },
});
const partitions = async (): Promise<string[]> =>
  (
    await stage.query(
      `SELECT c.relname AS "name" FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
       WHERE inhparent = '"beacons"."access_logs"'::regclass ORDER BY 1`,
    )
  ).map(({ name }) => name);

it('drops whole months that are over, with the batches of that time, and makes a month anew when logs for it come', async () => {
  const longAgo = Date.now() - 200 * DAY_MS;
  await provider(LogShelf).store([upload('old', logs(10, longAgo)), upload('new', logs(10, Date.now() - DAY_MS))]);
  const before = await partitions();
  await stage.query(
    `UPDATE "beacons"."access_log_batches" SET "receivedAt" = now() - interval '400 days' WHERE "batchId" = 'old'`,
  );
  const later = new Date(Date.now() + 200 * DAY_MS);
  await provider(RetentionSweeper).prune(later);
  const after = await partitions();
  expect(after.length).toBeLessThan(before.length);
  expect(await stage.query(`SELECT 1 FROM "beacons"."access_log_batches" WHERE "batchId" = 'old'`)).toEqual([]);
  expect(await stage.query(`SELECT 1 FROM "beacons"."access_logs"`)).toHaveLength(10);
  expect(await provider(LogShelf).store([upload('old', logs(10, longAgo))])).toMatchObject([{ stored: 10 }]);
});

it('a month that another replica dropped is made anew', async () => {
  const at = Date.now() - 100 * DAY_MS;
  await provider(LogShelf).store([upload('m-1', logs(5, at))]);
  await stage.query(`DROP TABLE "beacons"."access_logs_p${new Date(at).toISOString().slice(0, 7).replace('-', '')}"`);
  expect(await provider(LogShelf).store([upload('m-2', logs(5, at))])).toMatchObject([{ stored: 5 }]);
});

it('a transaction that fails half-way leaves neither the batch nor a row: the repeat is stored whole', async () => {
  const rows = logs(5, Date.now() - 2 * DAY_MS, 'crash');
  const broken = [...rows, { ...rows[0]!, user_id: 'a\u0000b' }];
  await expect(provider(AccessLogRepository).store([upload('crash', broken)])).rejects.toThrow('invalid byte sequence');
  expect(await provider(AccessLogRepository).store([upload('crash', rows)])).toMatchObject([
    { stored: 5, duplicates: 0 },
  ]);
});

it('answers a batch that a killed service had stored already as duplicates', async () => {
  const rows = logs(7, Date.now() - 3 * DAY_MS, 'killed');
  const service = stage.service('beacons');
  await provider(AccessLogRepository).store([upload('killed', rows)]);
  await stage.stop(service);
  await stage.add('beacons');
  const { batch } = upload('killed', rows);
  expect(await stage.ask(BEACONS_REQUESTS.uploadLogs, { entity_id: entityId, content: { batch } })).toMatchObject({
    stored: 0,
    duplicates: 7,
  });
});

it('searches read their index backwards and sort nothing but equal instants', async () => {
  for (let n = 0; n < 60; n++)
    await provider(LogShelf).store([upload(`bulk-${n}`, logs(100, Date.now() - (n + 4) * DAY_MS, `u${n}`))]);
  await stage.query('ANALYZE "beacons"."access_logs"');
  const search = provider(LogSearch);
  const full = new Date(Date.now() - 34 * DAY_MS).toISOString().slice(0, 7).replace('-', '');
  const newest = await search.page({ entity_id: entityId, limit: 10 });
  for (const [filter, index] of [
    [{}, 'newest|entityId_loggedAt'],
    [{ beacon_id: beacon.beaconId }, 'loggedAt'],
    [{ user_id: 'u3-7' }, 'userId'],
    [{ after: newest.next! }, 'loggedAt'],
    [
      { from: new Date(Date.now() - 30 * DAY_MS).toISOString(), to: new Date(Date.now() - 20 * DAY_MS).toISOString() },
      'loggedAt',
    ],
  ] as const) {
    const { sql, parameters } = search.statement({ entity_id: entityId, limit: 100, ...filter });
    const rows = await stage.query(`EXPLAIN ${sql}`, [...parameters]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(new RegExp(`Index Scan.*(${index})`));
    // A month of a few rows is read whole; this one has thousands.
    expect(plan).not.toContain(`Seq Scan on access_logs_p${full}`);
  }
});
