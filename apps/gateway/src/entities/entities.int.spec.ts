import type { Answer, Api } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';

const ENTITIES = '/api/v1/entities';

let malls: Orchestrators;
let admin: Api;
let viewer: Api;

beforeAll(async () => {
  malls = new Orchestrators(await GatewayStage.open());
  await malls.stage.services.close();
  await malls.startService();
  [admin, viewer] = await Promise.all([malls.stage.as('admin'), malls.stage.as('viewer')]);
  expect((await admin.post(ENTITIES, { name: 'Mall', entity_id: 'mall' })).status).toBe(201);
}, 60_000);

afterAll(() => malls.close());

const refusal = ({ status, body }: Answer<any>): unknown => [
  status,
  body.error.code,
  body.error.details.fields?.[0]?.field,
];

describe('entities', () => {
  it('are changed by administrators and read by others', async () => {
    expect(refusal(await viewer.post(ENTITIES, { name: 'X' }))).toEqual([403, 'ACCESS_DENIED', undefined]);
    expect((await viewer.get(`${ENTITIES}/mall`)).body).toMatchObject({ entity_id: 'mall', type: null });
    const secret = await admin.post(`${ENTITIES}/mall/enrolment-secret`);
    expect(secret).toMatchObject({ status: 201, body: { entity_id: 'mall' } });
  });

  it.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ name: 'x', entity_id: 'a.b' }, 'entity_id'],
    [{ name: 'x', entity_id: '*' }, 'entity_id'],
    [{ name: 'x', entity_id: 'x'.repeat(65) }, 'entity_id'],
    [{ name: 'x', entity_id: null }, 'entity_id'],
    [{ name: 'x', id: 'a.b' }, 'id'],
    [{ name: null, id: 'x' }, 'name'],
    [{ type: 'mall' }, 'name'],
    [{ name: 'x', point_min: [1, 'y'] }, 'point_min'],
    [{ name: 'x', point_max: [1] }, 'point_max'],
    [{ name: 'x', tags: 'mall' }, 'tags'],
    [{ name: 'x', description: 'a\u0000b' }, 'description'],
    [{ name: 'x', public_key: 'no key' }, 'public_key'],
  ])('refuse %j and name %s', async (body, field) => {
    expect(refusal(await admin.post(ENTITIES, body))).toEqual([400, 'VALIDATION_FAILED', field]);
  });

  it.each([
    [{ id: 'mall-a-uuid', name: 'Mall A' }, 'mall-a-uuid', 'Mall A'],
    [{ id: 'other', entity_id: 'mall-b-uuid', name: 'Mall B' }, 'mall-b-uuid', 'Mall B'],
    [{ id: 'mall-c-uuid', type: 'mall' }, 'mall-c-uuid', 'mall-c-uuid'],
    [{ entity_id: 'mall-d-uuid' }, 'mall-d-uuid', 'mall-d-uuid'],
  ])('take %j', async (body, entityId, name) => {
    expect(await admin.post(ENTITIES, body)).toMatchObject({ status: 201, body: { entity_id: entityId, name } });
    expect((await admin.delete(`${ENTITIES}/${entityId}`)).status).toBe(204);
  });

  it('get an id when none is given, and are deleted with what they hold', async () => {
    const { body } = await admin.post(ENTITIES, { name: 'Nameless', entity_id: undefined, unknown: 1 });
    expect(body.entity_id).toMatch(/^entity-[0-9a-f-]{36}$/);
    expect((await admin.delete(`${ENTITIES}/${body.entity_id}`)).status).toBe(204);
    expect(refusal(await admin.get(`${ENTITIES}/${body.entity_id}`))).toEqual([404, 'ENTITY_NOT_FOUND', undefined]);
    expect(refusal(await admin.post(ENTITIES, { name: 'x', entity_id: 'mall' }))).toEqual([
      409,
      'ENTITY_EXISTS',
      undefined,
    ]);
  });

  it.each(['a.b', '*', '>', 'ä', `'; DROP`, 'x'.repeat(65), '%00', '..%2f'])('refuse the id %j', async (id) => {
    for (const path of ['', '/changes', '/areas', '/areas/a', '/imports'])
      expect(refusal(await admin.get(`${ENTITIES}/${encodeURIComponent(id)}${path}`))).toEqual([
        400,
        'VALIDATION_FAILED',
        'entity_id',
      ]);
  });

  it('are listed in pages, with the next one in the headers', async () => {
    await admin.post(ENTITIES, { name: 'Other', entity_id: 'a-mall' });
    const { body, headers } = await viewer.get(`${ENTITIES}?limit=1`);
    expect(body.map(({ entity_id }: any) => entity_id)).toEqual(['a-mall']);
    expect([headers.get('x-next-cursor'), headers.get('x-total-count')]).toEqual(['a-mall', '2']);
    expect((await viewer.get(`${ENTITIES}?after=a-mall`)).body).toMatchObject([{ entity_id: 'mall' }]);
    expect(refusal(await viewer.get(`${ENTITIES}?after=a.b`))).toEqual([400, 'CURSOR_INVALID', undefined]);
  });
});

describe('records', () => {
  const AREAS = `${ENTITIES}/mall/areas`;

  it('are made, replaced, read and deleted', async () => {
    const made = await admin.post(AREAS, { id: 'area-1', name: 'A', area_id: 7, own: { deep: [1] } });
    expect(made).toMatchObject({ status: 201, body: { id: 'area-1', area_id: '7', own: { deep: [1] } } });
    expect(refusal(await admin.post(AREAS, { id: 'area-1' }))).toEqual([409, 'RECORD_EXISTS', undefined]);
    expect(await viewer.get(`${AREAS}/area-1`)).toMatchObject({ status: 200, body: made.body });
    // What was read can be sent back: the server's own members are ignored.
    expect(await admin.put(`${AREAS}/area-1`, made.body)).toMatchObject({ status: 200, body: made.body });
    expect((await admin.put(`${AREAS}/12`, { id: 12 })).status).toBe(201);
    expect((await admin.post(AREAS, {})).body.id).toMatch(/^area-[0-9a-f-]{36}$/);
    expect((await admin.delete(`${AREAS}/12`)).status).toBe(204);
    expect(refusal(await admin.delete(`${AREAS}/12`))).toEqual([404, 'RECORD_NOT_FOUND', undefined]);
    expect(refusal(await viewer.put(`${AREAS}/12`, {}))).toEqual([403, 'ACCESS_DENIED', undefined]);
  });

  it.each([
    [{ name: 1 }, 'name'],
    [{ polygon: [[0, 'x']] }, 'polygon[0][1]'],
    [{ id: 'a/b' }, 'id'],
    [{ id: ' a' }, 'id'],
    [{ id: '\u0000' }, 'id'],
    [{ id: 'x'.repeat(129) }, 'id'],
    [{ id: {} }, 'id'],
    [{ entity_id: 'other' }, 'entity_id'],
    [{ own: 'a\u0000b' }, 'body'],
    [{ own: { 'k\ud800': 1 } }, 'body'],
    [[1], 'body'],
  ])('refuse %j and name %s', async (body, field) => {
    expect(refusal(await admin.post(AREAS, body))).toEqual([400, 'VALIDATION_FAILED', field]);
  });

  it('keep texts that only look like what cannot be stored', async () => {
    const own = 'a\\u0000 \\ud800 😀\u2028';
    expect((await admin.post(AREAS, { own })).body.own).toBe(own);
  });

  it('refuse an id in the body that is not the one of the path', async () => {
    expect(refusal(await admin.put(`${AREAS}/a`, { id: 'b' }))).toEqual([400, 'VALIDATION_FAILED', 'id']);
  });

  it('refuse what is too large or nests too deep', async () => {
    expect(refusal(await admin.post(AREAS, { own: 'x'.repeat(140_000) }))).toEqual([
      413,
      'PAYLOAD_TOO_LARGE',
      undefined,
    ]);
    const headers = { 'content-type': 'application/json' };
    const rawBody = `{"own":${'['.repeat(70)}${']'.repeat(70)}}`;
    expect(refusal(await admin.send('POST', AREAS, { rawBody, headers }))).toEqual([400, 'VALIDATION_FAILED', 'body']);
  });

  it.each(['shops', 'area', 'toString', '__proto__'])('know no collection %s', async (name) => {
    expect(refusal(await admin.post(`${ENTITIES}/mall/${name}`, {}))).toEqual([404, 'RECORD_NOT_FOUND', undefined]);
    expect(refusal(await admin.get(`${ENTITIES}/mall/${name}/a`))).toEqual([404, 'RECORD_NOT_FOUND', undefined]);
  });

  it('are listed whole although a reply holds only some of them', async () => {
    await admin.post(ENTITIES, { name: 'Wide', entity_id: 'wide' });
    const ids = Array.from({ length: 9 }, (_, n) => `m-${n}`);
    for (const id of ids) await admin.put(`${ENTITIES}/wide/merchants/${id}`, { own: 'x'.repeat(60_000) });
    const { body, headers } = await viewer.get(`${ENTITIES}/wide/merchants?limit=8`);
    expect(body.map(({ id }: any) => id)).toEqual(ids.slice(0, 8));
    expect([headers.get('x-next-cursor'), headers.get('x-total-count')]).toEqual(['m-7', '9']);
    expect((await viewer.get(`${ENTITIES}/wide/changes?limit=9`)).body.map(({ sequence }: any) => sequence)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it.each(['updated_since=yesterday', 'limit=0', 'limit=x'])('refuse the query %s', async (query) => {
    expect(refusal(await viewer.get(`${AREAS}?${query}`))).toEqual([400, 'VALIDATION_FAILED', query.split('=')[0]]);
  });
});
