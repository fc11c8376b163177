import { readFileSync } from 'node:fs';
import { checksumBytes } from '#libs/contracts';
import { SyncStage } from '../../../../test/support/sync-stage.js';
import { SumRepository } from './sum.repository.js';

interface Vector {
  readonly name: string;
  readonly records: readonly { id: string; checksum: string }[];
  readonly checksum: string;
}

const { collections } = JSON.parse(readFileSync('docs/vectors/sync-checksums.json', 'utf8')) as {
  readonly collections: readonly Vector[];
};

let stage: SyncStage;

beforeAll(async () => {
  stage = await SyncStage.open();
}, 60_000);

afterAll(() => stage.close());

/** Stores records whose checksums are given, as changes 1, 2, 3 … */
async function store(entityId: string, { records }: Vector): Promise<void> {
  for (const [index, { id, checksum }] of records.entries()) {
    await stage.query(
      `INSERT INTO "orchestrators"."record_versions"
         ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
       VALUES ($1, 'merchants', $2, $3, 'create', '{}', $4, now())`,
      [entityId, id, index + 1, checksumBytes(checksum)],
    );
  }
  await stage.query(`UPDATE "orchestrators"."entities" SET "changeSeq" = $2 WHERE "entityId" = $1`, [
    entityId,
    records.length,
  ]);
}

it.each(collections)('ORC-126 Postgres sums the published collection "$name" as published', async (vector) => {
  const entityId = `vector-${vector.name}`;
  await stage.entity(entityId);
  await store(entityId, vector);
  const sums = new SumRepository(stage.dataSource);
  expect((await sums.globalAt(entityId, vector.records.length)).merchants).toBe(vector.checksum);
});

it('ORC-126 Postgres sums a published collection of the past as published', async () => {
  const vector = collections.find(({ name }) => name === 'bytes')!;
  await stage.entity('past-vector');
  await store('past-vector', vector);
  await stage.write('past-vector', [
    { kind: 'delete', collection: 'merchants', id: vector.records[1]!.id },
    { kind: 'put', collection: 'merchants', id: 'new', fields: {} },
  ]);
  const sums = new SumRepository(stage.dataSource);
  expect((await sums.globalAt('past-vector', vector.records.length)).merchants).toBe(vector.checksum);
});
