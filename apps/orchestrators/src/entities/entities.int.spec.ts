import { generateKeyPairSync } from 'node:crypto';
import { digestToken } from '#libs/auth';
import { ENTITIES_REQUESTS, MusterError, recordChecksum } from '#libs/contracts';
import { MallsUnderTest } from '../../../../test/support/malls-service.js';
import { waitFor } from '../../../../test/support/wait.js';

let malls: MallsUnderTest;

beforeAll(async () => {
  malls = await MallsUnderTest.start();
}, 60_000);

afterAll(() => malls.stop());

const make = (entity_id: string, more = {}) =>
  malls.ask(ENTITIES_REQUESTS.create, { fields: { name: 'Mall' }, entity_id, ...more });
const area = (entity_id: string, record_id: string, fields: object = {}) =>
  malls.ask(ENTITIES_REQUESTS.createRecord, { entity_id, collection: 'areas', record_id, fields: { ...fields } });
const replace = (entity_id: string, record_id: string, fields: object) =>
  malls.ask(ENTITIES_REQUESTS.replaceRecord, { entity_id, collection: 'areas', record_id, fields: { ...fields } });
const list = (entity_id: string, more = {}) =>
  malls.ask(ENTITIES_REQUESTS.listRecords, { entity_id, collection: 'areas', limit: 100, ...more });
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error: unknown) => (error instanceof MusterError ? error.code : String(error)),
  );

describe('entities', () => {
  it('show their secret once and store what tells it', async () => {
    const { enrolment_secret } = await make('shown');
    const stored = async () =>
      (
        await malls.query(
          `SELECT "enrolmentSecretHash" AS hash FROM "orchestrators"."entities" WHERE "entityId" = 'shown'`,
        )
      )[0];
    expect(await stored()).toEqual({ hash: digestToken(enrolment_secret ?? '') });
    expect(await malls.ask(ENTITIES_REQUESTS.get, { entity_id: 'shown' })).not.toHaveProperty('enrolment_secret');
    const again = await malls.ask(ENTITIES_REQUESTS.enrol, { entity_id: 'shown' });
    expect(again.enrolment_secret).not.toBe(enrolment_secret);
    expect(await stored()).toEqual({ hash: digestToken(again.enrolment_secret) });
  });

  it('take a P-256 key instead of a secret, and no other key', async () => {
    const pem = (namedCurve: string): string =>
      String(generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await make('keyed', { public_key: pem('P-256') })).toMatchObject({ enrolment_secret: null });
    expect(await codeOf(make('other', { public_key: pem('P-384') }))).toBe('VALIDATION_FAILED');
    expect(await codeOf(make('other', { public_key: 'no key' }))).toBe('VALIDATION_FAILED');
  });

  it('are there once, change field by field, and are listed in pages', async () => {
    await make('twice');
    expect(await codeOf(make('twice'))).toBe('ENTITY_EXISTS');
    const update = (fields: object) => malls.ask(ENTITIES_REQUESTS.update, { entity_id: 'twice', fields });
    await update({ city: 'Bonn', tags: ['x'] });
    expect(await update({ city: null, name: 'New' })).toMatchObject({ name: 'New', city: null, tags: ['x'] });
    const all = await malls.ask(ENTITIES_REQUESTS.list, { limit: 100 });
    const ids: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const page: { entities: readonly { entity_id: string }[]; next: string | null } = await malls.ask(
        ENTITIES_REQUESTS.list,
        { limit: 2, ...(after && { after }) },
      );
      ids.push(...page.entities.map(({ entity_id }) => entity_id));
      after = page.next;
    }
    expect(ids).toEqual(all.entities.map(({ entity_id }) => entity_id));
    expect(all.total).toBe(ids.length);
  });

  it('ORC-100 go with everything in them, and are unknown afterwards', async () => {
    await make('gone');
    await area('gone', 'a');
    await malls.ask(ENTITIES_REQUESTS.remove, { entity_id: 'gone' });
    const left = await malls.query(`SELECT 1 FROM "orchestrators"."record_versions" WHERE "entityId" = 'gone'`);
    expect(left).toEqual([]);
    const ref = { entity_id: 'gone', collection: 'areas', record_id: 'a' } as const;
    const codes = [
      malls.ask(ENTITIES_REQUESTS.remove, { entity_id: 'gone' }),
      malls.ask(ENTITIES_REQUESTS.get, { entity_id: 'gone' }),
      malls.ask(ENTITIES_REQUESTS.changes, { entity_id: 'gone', limit: 1 }),
      malls.ask(ENTITIES_REQUESTS.getRecord, ref),
      malls.ask(ENTITIES_REQUESTS.deleteRecord, ref),
      list('gone'),
      area('gone', 'a'),
    ].map(codeOf);
    expect(new Set(await Promise.all(codes))).toEqual(new Set(['ENTITY_NOT_FOUND']));
  });

  it('made anew under an old id are told of again', async () => {
    await make('anew');
    await area('anew', 'a');
    await waitFor(() => malls.eventsOf('anew').length === 1);
    await malls.ask(ENTITIES_REQUESTS.remove, { entity_id: 'anew' });
    // The beacons, which are not there, have not forgotten it.
    expect(await codeOf(make('anew'))).toBe('SERVICE_UNAVAILABLE');
    await malls.query(`UPDATE "orchestrators"."departures" SET "toldAt" = now()`);
    await make('anew');
    await area('anew', 'b');
    const [, second] = await waitFor(() => malls.eventsOf('anew').length === 2 && malls.eventsOf('anew'));
    expect(second?.['data'].changes.areas).toEqual(['b']);
  });
});

describe('records', () => {
  beforeAll(() => make('mall'));

  it('ORC-015 tell one event for each change, and none where nothing changed', async () => {
    const made = await area('mall', 'area-1', { name: 'A', x: { y: [1] } });
    expect(made.checksum).toBe(recordChecksum(made));
    expect(await codeOf(area('mall', 'area-1'))).toBe('RECORD_EXISTS');
    const same = await replace('mall', 'area-1', { x: { y: [1] }, name: 'A' });
    expect(same).toEqual({ created: false, record: made });
    const changed = await replace('mall', 'area-1', { name: 'B' });
    expect(changed.record).toMatchObject({ name: 'B', created_at: made.created_at });
    expect(changed.record).not.toHaveProperty('x');
    expect(changed.record.updated_at > made.updated_at).toBe(true);
    const events = await waitFor(() => malls.eventsOf('mall').length === 2 && malls.eventsOf('mall'));
    expect(events.map(({ data }) => data.updated_at)).toEqual([made.updated_at, changed.record.updated_at]);
    expect(malls.toldOf('mall', 'entity.data.updated')).toMatchObject([
      { sequence: 1, changes: { areas: 1, beacons: 0, merchants: 0, connections: 0 } },
      { sequence: 2, checksum: events[1]?.['data'].checksum },
    ]);
  });

  it('ORC-032 leave changes in their order, read page by page', async () => {
    await malls.ask(ENTITIES_REQUESTS.deleteRecord, { entity_id: 'mall', collection: 'areas', record_id: 'area-1' });
    const first = await malls.ask(ENTITIES_REQUESTS.changes, { entity_id: 'mall', limit: 2 });
    const rest = await malls.ask(ENTITIES_REQUESTS.changes, { entity_id: 'mall', limit: 2, after: first.next ?? '' });
    const changes = [...first.changes, ...rest.changes];
    expect(changes.map(({ operation }) => operation)).toEqual(['create', 'update', 'delete']);
    expect(changes.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect([changes[0]?.data, changes[2]]).toMatchObject([{ name: 'A' }, { type: 'area', id: 'area-1' }]);
    expect(changes[2]).not.toHaveProperty('data');
    expect(rest.next).toBeNull();
  });

  it('are listed by the bytes of their ids, in replies of bounded size, without the deleted', async () => {
    await make('listed');
    const ids = ['é', 'Z', 'a', '😀', '\uFFEE', 'a-1'];
    for (const id of ids) await area('listed', id, { text: 'x'.repeat(60_000) });
    await malls.ask(ENTITIES_REQUESTS.deleteRecord, { entity_id: 'listed', collection: 'areas', record_id: 'a' });
    const found: string[] = [];
    let next: string | null = '';
    for (let parts = 0; next !== null; parts++) {
      const page: { records: readonly { id: string }[]; next: string | null; total: number } = await list(
        'listed',
        next && { after: next },
      );
      expect(page).toMatchObject({ total: 5 });
      expect(page.records.length).toBeLessThan(5);
      found.push(...page.records.map(({ id }) => id));
      next = page.next;
      expect(parts).toBeLessThan(5);
    }
    expect(found).toEqual(['Z', 'a-1', 'é', '\uFFEE', '😀']);
    expect(await codeOf(list('listed', { after: '/' }))).toBe('CURSOR_INVALID');
  });

  it('that changed since an instant are listed alone', async () => {
    await make('since');
    await area('since', 'a');
    const { updated_at } = await area('since', 'b');
    const { records, total } = await list('since', { updated_since: updated_at });
    expect([records.map(({ id }) => id), total]).toEqual([['b'], 1]);
  });

  it('ORC-104 are made once for one idempotency key, with or without an id', async () => {
    await make('keys');
    const create = (fields: object) =>
      malls.ask(ENTITIES_REQUESTS.createRecord, {
        entity_id: 'keys',
        collection: 'beacons',
        fields: { ...fields },
        idempotency_key: 'user:1 k',
      });
    const first = await create({ n: 1 });
    expect(first.id).toMatch(/^beacon-[0-9a-f]{32}$/);
    expect(await create({ n: 1 })).toEqual(first);
    expect(await codeOf(create({ n: 2 }))).toBe('RECORD_EXISTS');
  });
});
