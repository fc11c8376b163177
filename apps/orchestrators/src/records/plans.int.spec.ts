import type { DataSource, EntityManager } from 'typeorm';
import { ENTITIES_REQUESTS } from '#libs/contracts';
import { MallsUnderTest } from '../../../../test/support/malls-service.js';
import { AnnouncementRepository } from './announcement.repository.js';
import type { Announcer } from './announcer.js';
import { HistoryRepository } from './history.repository.js';
import { RecordRepository } from './record.repository.js';
import { RecordWriter } from './record.writer.js';

const RECORDS = 20_000;

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

let malls: MallsUnderTest;
let statements: Statement[];
let recorded: DataSource;

/** The data source, noting what is asked of it and of its transactions. */
function recording(dataSource: DataSource): DataSource {
  const noting =
    (target: { query: (...given: any[]) => Promise<unknown> }) =>
    (sql: string, parameters: unknown[] = []) => {
      statements.push({ sql, parameters });
      return target.query(sql, parameters);
    };
  const transaction = (work: (tx: EntityManager) => Promise<unknown>): Promise<unknown> =>
    dataSource.transaction((tx) => work(Object.create(tx, { query: { value: noting(tx) } })));
  return Object.create(dataSource, { query: { value: noting(dataSource) }, transaction: { value: transaction } });
}

function scansOf(plan: Plan): readonly string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? '?'] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scansOf)];
}

/** Tables that the noted statements would read from one end to the other. */
async function tablesScanned(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { sql, parameters } of statements) {
    const [row] = await malls.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...parameters]);
    found.push(...scansOf(row!['QUERY PLAN'][0].Plan));
  }
  return found;
}

beforeAll(async () => {
  malls = await MallsUnderTest.start();
  await malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Large' }, entity_id: 'large' });
  await malls.query(
    `INSERT INTO "orchestrators"."record_versions"
       ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
     SELECT 'large', 'areas', 'area-' || n, n, 'create',
            json_build_object('id', 'area-' || n, 'created_at', 'x', 'updated_at', 'x'), decode(md5(n::text), 'hex'), now()
     FROM generate_series(1, $1::int) n`,
    [RECORDS],
  );
  await malls.query(`UPDATE "orchestrators"."entities" SET "changeSeq" = $1 WHERE "entityId" = 'large'`, [RECORDS]);
  // Enough entities that reading all of them to find one would not pay.
  await malls.query(
    `INSERT INTO "orchestrators"."entities" ("entityId", "name") SELECT 'e-' || n, 'x' FROM generate_series(1, 5000) n`,
  );
  await malls.query('ANALYZE');
}, 60_000);

afterAll(() => malls.stop());

beforeEach(() => {
  statements = [];
  recorded = recording(malls.dataSource);
});

it.each([
  ['put', { kind: 'put', collection: 'areas', id: 'area-77', fields: { n: 1 } }],
  ['create', { kind: 'create', collection: 'areas', id: 'new-1', fields: {} }],
  ['delete', { kind: 'delete', collection: 'areas', id: 'area-78' }],
] as const)('ORC-126 a %s among 20,000 records reads by indexes alone', async (_name, change) => {
  const writer = new RecordWriter(recorded, { kick: () => undefined } as unknown as Announcer);
  const [outcome] = await writer.write('large', [change]);
  expect(outcome?.result).toMatch(/created|updated|deleted/);
  expect(statements.length).toBeGreaterThanOrEqual(7);
  expect(await tablesScanned()).toEqual([]);
});

it('ORC-126 lists, changes, announcements and the end of history read 20,000 records by indexes alone', async () => {
  const records = new RecordRepository(recorded);
  const query = { entity_id: 'large', collection: 'areas', limit: 100, after: 'area-5' } as const;
  await records.list(query);
  await records.find({ ...query, record_id: 'area-9' });
  await records.changes('large', 10_000, 100);
  await new AnnouncementRepository(recorded).take('large', 20, () => Promise.resolve());
  await new HistoryRepository(recorded).forget('large', 30, 1_000);
  expect((await tablesScanned()).filter((table) => table !== 'announcements')).toEqual([]);
});

it('notices a statement that reads a whole table', async () => {
  statements.push({ sql: `SELECT * FROM "orchestrators"."record_versions" WHERE "operation" = 'x'`, parameters: [] });
  expect(await tablesScanned()).toEqual(['record_versions']);
});
