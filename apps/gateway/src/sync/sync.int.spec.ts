import { type Collection, COLLECTIONS, collectionChecksum, globalChecksum, recordChecksum } from '#libs/contracts';
import { type Answer, Api } from '../../../../test/support/api.js';
import { TEST_PASSWORDS } from '../../../../test/support/gateway.js';
import { SyncStage } from '../../../../test/support/sync-stage.js';

const SUM = /^sha256:[0-9a-f]{64}$/;
const FULL = '/api/orchestrators/sync/full';
const DELTA = '/api/orchestrators/sync/delta';
const CHECKSUM = '/api/orchestrators/sync/checksum';

let stage: SyncStage;
let orchestrator: Api;

beforeAll(async () => {
  stage = await SyncStage.open();
  await stage.entity('mall');
  orchestrator = await stage.orchestrator('mall');
  await stage.write('mall', [
    ...many('areas', 15),
    ...many('beacons', 30),
    ...many('merchants', 8),
    ...many('connections', 5),
  ]);
}, 60_000);

afterAll(() => stage.close());

function many(collection: Collection, count: number) {
  return Array.from({ length: count }, (_, n) => put(collection, `${collection}-${n}`));
}

function put(collection: Collection, id: string, fields: Record<string, unknown> = { name: id, description: null }) {
  return { kind: 'put' as const, collection, id, fields };
}

function remove(collection: Collection, id: string) {
  return { kind: 'delete' as const, collection, id };
}

/** What an orchestrator keeps: record by id, per collection. */
type Local = Record<Collection, Map<string, any>>;

function localOf({ data }: any): Local {
  const of = (name: Collection) => new Map<string, any>(data[name].map((record: any) => [record.id, record]));
  return { areas: of('areas'), beacons: of('beacons'), merchants: of('merchants'), connections: of('connections') };
}

const PLURALS = { area: 'areas', beacon: 'beacons', merchant: 'merchants', connection: 'connections' } as const;

function apply(local: Local, changes: readonly any[]): void {
  for (const { type, operation, id, data } of changes) {
    const records = local[PLURALS[type as keyof typeof PLURALS]];
    if (operation === 'delete') records.delete(id);
    else records.set(id, data);
  }
}

/** The global checksum of local records, each computed anew. */
function sumOf(local: Local): string {
  const of = (name: Collection) =>
    collectionChecksum(
      [...local[name].values()].map((record) => ({ id: record.id, checksum: recordChecksum(record) })),
    );
  return globalChecksum({
    areas: of('areas'),
    beacons: of('beacons'),
    merchants: of('merchants'),
    connections: of('connections'),
  });
}

const delta = (parameters: Record<string, string>, api = orchestrator): Promise<Answer<any>> =>
  api.get(`${DELTA}?${new URLSearchParams({ entity_id: 'mall', ...parameters }).toString()}`);

it('ORC-028 a full sync has exactly the documents’ fields, arrays that agree with the totals, and its checksum', async () => {
  const { status, body, headers } = await orchestrator.get(`${FULL}?entity_id=mall`);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(Object.keys(body)).toEqual(['entity_id', 'sync_id', 'timestamp', 'checksum', 'data', 'metadata', 'cursor']);
  expect(Object.keys(body.data)).toEqual(['areas', 'beacons', 'merchants', 'connections']);
  expect(body.metadata).toEqual({ total_areas: 15, total_beacons: 30, total_merchants: 8, total_connections: 5 });
  expect(COLLECTIONS.map((name) => body.data[name].length)).toEqual([15, 30, 5, 8]);
  expect(body.checksum).toMatch(SUM);
  expect(body.sync_id).toMatch(/^sync-full-/);
  expect(sumOf(localOf(body))).toBe(body.checksum);
  for (const record of body.data.areas) expect(record.checksum).toBe(recordChecksum(record));
});

it('ORC-027 include chooses collections, and the checksum and totals stay those of the whole', async () => {
  const { body: whole } = await orchestrator.get(FULL);
  const { body } = await orchestrator.get(`${FULL}?include=beacons,areas`);
  expect(Object.keys(body.data)).toEqual(['areas', 'beacons']);
  expect([body.checksum, body.metadata]).toEqual([whole.checksum, whole.metadata]);
  expect(body.data.beacons).toEqual(whole.data.beacons);
});

it('ORC-027 format=compact leaves out what is null or empty and keeps every checksum', async () => {
  await stage.entity('compact');
  const fields = {
    name: 'A',
    description: null,
    tags: [],
    color: '',
    style: {},
    floor: 0,
    open: false,
    type: { food: null },
  };
  await stage.write('compact', [put('areas', 'a', fields)]);
  const api = await stage.orchestrator('compact');
  const [full, compact] = [(await api.get(FULL)).body, (await api.get(`${FULL}?format=compact`)).body];
  expect(full.data.areas[0]).toMatchObject(fields);
  const { created_at, updated_at, checksum } = full.data.areas[0];
  const kept = { id: 'a', name: 'A', floor: 0, open: false, type: { food: null }, created_at, updated_at, checksum };
  expect(compact.data.areas).toEqual([kept]);
  expect(compact.checksum).toBe(full.checksum);
});

it.each([
  [`${FULL}?include=areas,robots`, 'VALIDATION_FAILED'],
  [`${FULL}?format=tiny`, 'VALIDATION_FAILED'],
  [DELTA, 'VALIDATION_FAILED'],
  [`${DELTA}?since=`, 'VALIDATION_FAILED'],
  [`${DELTA}?since=yesterday`, 'VALIDATION_FAILED'],
  [`${DELTA}?cursor=cursor-abc123`, 'CURSOR_INVALID'],
  [`${DELTA}?cursor=${'A'.repeat(66)}`, 'CURSOR_INVALID'],
  [`${DELTA}?cursor=a&cursor=b`, 'VALIDATION_FAILED'],
])('ORC-027 ORC-030 %s is refused as %s', async (path, code) => {
  const { status, body } = await orchestrator.get(path);
  expect([status, body.error?.code]).toEqual([400, code]);
});

it('ORC-030 a delta without a start names what is missing', async () => {
  const { body } = await orchestrator.get(DELTA);
  expect(body.error.details.fields.map(({ field }: any) => field)).toEqual(['since', 'cursor']);
});

it('ORC-030 ORC-032 since gives what came after it, in order, with data unless deleted', async () => {
  const before = (await orchestrator.get(CHECKSUM)).body;
  await stage.write('mall', [put('areas', 'new-area')]);
  await stage.write('mall', [put('areas', 'new-area', { name: 'changed' })]);
  await stage.write('mall', [remove('areas', 'new-area')]);
  const { status, body } = await delta({ since: before.timestamp });
  expect(status).toBe(200);
  expect(Object.keys(body).join()).toBe(
    'entity_id,sync_id,timestamp,base_checksum,new_checksum,changes,has_more,next_cursor,cursor',
  );
  expect(body.changes.map(({ operation }: any) => operation)).toEqual(['create', 'update', 'delete']);
  expect(body.changes.map((change: any) => [change.type, change.id, 'data' in change])).toEqual([
    ['area', 'new-area', true],
    ['area', 'new-area', true],
    ['area', 'new-area', false],
  ]);
  expect(body.changes[1].data).toMatchObject({
    id: 'new-area',
    name: 'changed',
    updated_at: body.changes[1].updated_at,
  });
  expect(body.changes[1].data.checksum).toBe(recordChecksum(body.changes[1].data));
  expect([body.base_checksum, body.new_checksum]).toEqual([before.checksums.global, before.checksums.global]);
  const after = await delta({ since: body.timestamp });
  expect(after.body).toMatchObject({ changes: [], has_more: false, next_cursor: null });
  expect((await delta({ since: '2999-01-01T00:00:00+02:00' })).body.changes).toEqual([]);
});

it('ORC-031 ORC-033 2,500 changes come in pages without gap or repeat, on one head, and add up to new_checksum', async () => {
  const full = (await orchestrator.get(FULL)).body;
  const local = localOf(full);
  expect(sumOf(local)).toBe(full.checksum);
  for (let n = 0; n < 5; n++) {
    await stage.write('mall', [
      ...Array.from({ length: 400 }, (_, i) => put('beacons', `walk-${i}`, { n, i })),
      ...Array.from({ length: 100 }, (_, i) => put('connections', `walk-${n}-${i}`)),
    ]);
  }
  const pages: any[] = [(await delta({ cursor: full.cursor })).body];
  await stage.write('mall', [put('areas', 'late')]);
  while (pages.at(-1).has_more) pages.push((await delta({ cursor: pages.at(-1).next_cursor, since: '' })).body);
  expect(pages.map(({ changes }) => changes.length)).toEqual([500, 500, 500, 500, 500]);
  expect(pages.at(-1)).toMatchObject({ has_more: false, next_cursor: null });
  expect(new Set(pages.map((page) => `${page.base_checksum} ${page.new_checksum} ${page.timestamp}`)).size).toBe(1);
  expect(pages[0].base_checksum).toBe(full.checksum);
  const keys = pages.flatMap(({ changes }) => changes.map((change: any) => `${change.id} ${change.data.n}`));
  expect(new Set(keys).size).toBe(2_500);
  for (const { changes } of pages) apply(local, changes);
  expect(sumOf(local)).toBe(pages[0].new_checksum);
  const rest = (await delta({ cursor: pages.at(-1).cursor })).body;
  expect(rest.changes.map(({ id }: any) => id)).toEqual(['late']);
  expect((await delta({ since: pages[0].timestamp })).body.changes.map(({ id }: any) => id)).toEqual(['late']);
  apply(local, rest.changes);
  expect(sumOf(local)).toBe((await orchestrator.get(CHECKSUM)).body.checksums.global);
}, 60_000);

it('ORC-031 a page of large records is smaller, and none of them is lost', async () => {
  await stage.entity('large');
  const ids = Array.from({ length: 60 }, (_, n) => `area-${String(n).padStart(2, '0')}`);
  for (const id of ids) {
    await stage.write('large', [
      put('areas', id, { text: Array.from({ length: 7_500 }, (_, n) => `"\\${n}"`).join('') }),
    ]);
  }
  const api = await stage.orchestrator('large');
  const seen: string[] = [];
  let pages = 0;
  let next: Record<string, string> | undefined = { since: '2000-01-01T00:00:00Z', entity_id: 'large' };
  while (next) {
    const { body } = await delta(next, api);
    seen.push(...body.changes.map(({ id }: any) => id));
    next = body.has_more ? { cursor: body.next_cursor, entity_id: 'large' } : undefined;
    pages++;
  }
  expect(seen).toEqual(ids);
  expect(pages).toBeGreaterThan(1);
  const { body } = await api.get(FULL);
  expect(sumOf(localOf(body))).toBe(body.checksum);
}, 60_000);

it('ORC-034 the checksum route tells the sums of all collections, and whether the caller’s is right', async () => {
  const { status, body } = await orchestrator.get(`${CHECKSUM}?entity_id=mall`);
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual(['entity_id', 'timestamp', 'checksums']);
  expect(Object.keys(body.checksums)).toEqual(['areas', 'beacons', 'merchants', 'connections', 'global']);
  for (const sum of Object.values(body.checksums)) expect(sum).toMatch(SUM);
  const ask = async (sum: string) => (await orchestrator.get(`${CHECKSUM}?local_checksum=${sum}`)).body.matches;
  expect([await ask(body.checksums.global), await ask('sha256:abc123')]).toEqual([true, false]);
});

it('ORC-036 another local checksum is told with both sums and the action; that of base or of a page is taken', async () => {
  const { timestamp, checksums } = (await orchestrator.get(CHECKSUM)).body;
  await stage.write(
    'mall',
    many('merchants', 600).map((change) => ({ ...change, fields: { changed: true } })),
  );
  const wrong = await delta({ since: timestamp, local_checksum: 'sha256:abc123' });
  expect([wrong.status, wrong.body.error.code]).toEqual([409, 'SYNC_CHECKSUM_MISMATCH']);
  expect(wrong.body.error.details).toEqual({
    local_checksum: 'sha256:abc123',
    server_checksum: checksums.global,
    suggested_action: 'perform_full_sync',
  });
  const local = localOf((await orchestrator.get(FULL)).body);
  const first = await delta({ since: timestamp, local_checksum: checksums.global });
  expect([first.status, first.body.has_more]).toEqual([200, true]);
  expect((await delta({ cursor: first.body.next_cursor, local_checksum: checksums.global })).status).toBe(200);
  expect((await delta({ cursor: first.body.next_cursor, local_checksum: sumOf(local) })).status).toBe(200);
});

it('ORC-030 history that is forgotten is 410 with the action, by instant and by cursor', async () => {
  await stage.entity('old');
  await stage.write('old', many('areas', 3));
  const api = await stage.orchestrator('old');
  const { cursor, timestamp } = (await api.get(FULL)).body;
  await stage.write('old', many('beacons', 3));
  await stage.query(
    `UPDATE "orchestrators"."entities" SET "expiredSeq" = 4, "expiredAt" =
       (SELECT "changedAt" FROM "orchestrators"."record_versions" WHERE "entityId" = 'old' AND "fromSeq" = 4)
     WHERE "entityId" = 'old'`,
  );
  const starts: Record<string, string>[] = [{ since: timestamp }, { cursor }];
  for (const start of starts) {
    const { status, body } = await delta({ entity_id: 'old', ...start }, api);
    expect([status, body.error.code]).toEqual([410, 'SYNC_HISTORY_EXPIRED']);
    expect(body.error.details).toMatchObject({ suggested_action: 'perform_full_sync' });
  }
});

it('ORC-030 a cursor is good for its entity alone, and not after one bit changed', async () => {
  await stage.entity('other');
  const { cursor } = (await orchestrator.get(FULL)).body;
  const other = await stage.orchestrator('other');
  const foreign = await delta({ entity_id: 'other', cursor }, other);
  expect([foreign.status, foreign.body.error.code]).toEqual([400, 'CURSOR_INVALID']);
  for (let at = 0; at < cursor.length; at += 5) {
    const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
    expect((await delta({ cursor: changed })).body.error?.code).toBe('CURSOR_INVALID');
  }
  expect((await delta({ cursor })).status).toBe(200);
});

it('ORC-028 a caller that has the state gets 304, and the body again once it changed', async () => {
  const { headers } = await orchestrator.get(FULL);
  const etag = headers.get('etag') ?? '';
  const again = (tag: string) => orchestrator.get(FULL, { headers: { 'if-none-match': tag } });
  expect([(await again(etag)).status, (await again(`"x", W/${etag}`)).status]).toEqual([304, 304]);
  await stage.write('mall', [put('areas', 'etag')]);
  const { status, headers: now } = await again(etag);
  expect([status, now.get('etag') === etag]).toEqual([200, false]);
});

it('ORC-027 people and strangers are kept out', async () => {
  const admin = await Api.login(stage.url, 'admin', TEST_PASSWORDS.admin);
  expect((await admin.get(FULL)).status).toBe(403);
  for (const path of [FULL, CHECKSUM, `${DELTA}?since=2026-01-01T00:00:00Z`]) {
    const sign = path.includes('?') ? '&' : '?';
    const { status, body } = await orchestrator.get(`${path}${sign}entity_id=other`);
    expect([path, status, body.error?.code]).toEqual([path, 403, 'ENTITY_ACCESS_DENIED']);
  }
});
