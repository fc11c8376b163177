import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Answer, Api } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

const MAX_BYTES = 3_000_000;
const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';

let malls: Orchestrators;
let admin: Api;
let viewer: Api;

beforeAll(async () => {
  malls = new Orchestrators(await GatewayStage.open({ IMPORT_MAX_BYTES: String(MAX_BYTES) }));
  await malls.stage.services.close();
  await malls.startService();
  [admin, viewer] = await Promise.all([malls.stage.as('admin'), malls.stage.as('viewer')]);
}, 60_000);

afterAll(() => malls.close());

async function mall(entity_id: string): Promise<string> {
  await admin.post('/api/v1/entities', { name: 'Mall', entity_id });
  return `/api/v1/entities/${entity_id}`;
}
const upload = (path: string, rawBody: string | Uint8Array<ArrayBuffer>, type = JSON_TYPE, headers = {}) =>
  admin.send<any>('POST', path, { rawBody, headers: { 'content-type': type, ...headers } });
const errorOf = ({ status, body }: Answer<any>): unknown => [status, body.error.code];
const idsOf = async (path: string, collection = 'areas'): Promise<string[]> =>
  (await admin.get(`${path}/${collection}?limit=1000`)).body.map(({ id }: { id: string }) => id);

it('takes NDJSON line by line, and tells what became of each', async () => {
  const path = await mall('lines');
  const lines = [
    '{"type":"area","id":"a","name":"A"}',
    '{"collection":"beacons","id":"b","type":"security"}',
    '',
    'garbage',
    '{"type":"shop","id":"c"}',
    '{"type":"merchant","id":"m","tags":[1]}',
    `{"type":"area","id":"deep","x":${'['.repeat(80)}${']'.repeat(80)}}`,
    '{"type":"area","id":"large","x":1e999}',
    '[1]',
    '{"type":"area","id":"z"}',
  ];
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a])]);
  const { status, body } = await upload(`${path}/imports`, new Uint8Array(bytes), NDJSON_TYPE);
  expect([status, body.state, body.counts]).toEqual([
    200,
    'completed',
    { rows: 10, created: 3, updated: 0, unchanged: 0, failed: 7, deleted: 0 },
  ]);
  const rows = await admin.get(`${path}/imports/${body.import_id}/rows?limit=4`);
  const rest = await admin.get(`${path}/imports/${body.import_id}/rows?after=${rows.headers.get('x-next-cursor')}`);
  expect([...rows.body, ...rest.body].map(({ row, id, error }: any) => [row, id, error])).toEqual([
    [1, 'a', null],
    [2, 'b', null],
    [4, null, 'The row is not JSON.'],
    [5, null, 'The row must say its collection: areas, beacons, merchants or connections.'],
    [6, 'm', 'tags must be an array of texts, or null.'],
    [7, null, 'The row nests deeper than 64 levels.'],
    [8, null, 'The row has a number beyond the range of doubles.'],
    [9, null, 'The row must be one JSON object.'],
    [10, 'z', null],
    [11, null, 'The row is not UTF-8.'],
  ]);
  expect((await admin.get(`${path}/beacons/b`)).body.type).toBe('security');
});

it('changes nothing when the same upload comes again, and deletes the rest when it replaces', async () => {
  const path = await mall('again');
  const text = JSON.stringify({ entity_id: 'again', areas: [{ id: 'a' }, { id: 'b' }], beacons: [{ id: 'x' }] });
  expect((await upload(`${path}/imports`, text)).body.counts).toMatchObject({ created: 3 });
  expect((await upload(`${path}/imports`, text)).body.counts).toMatchObject({ created: 0, unchanged: 3 });
  expect((await admin.get(path)).body.last_sequence).toBe(3);
  const less = await upload(`${path}/imports?mode=replace`, '{"areas":[{"id":"b"}]}');
  expect(less.body).toMatchObject({ mode: 'replace', counts: { unchanged: 1, deleted: 1 } });
  expect([await idsOf(path), await idsOf(path, 'beacons')]).toEqual([['b'], ['x']]);
  const { body } = await admin.get(`${path}/imports`);
  expect(body.map(({ mode }: { mode: string }) => mode)).toEqual(['replace', 'merge', 'merge']);
});

it('deletes the rest of the collections that lines name, and nothing when a line does not say which record it is', async () => {
  const path = await mall('lines-replace');
  await upload(`${path}/imports`, '{"areas":[{"id":"a"},{"id":"b"}],"beacons":[{"id":"x"}],"merchants":[{"id":"m"}]}');
  const unclear = '{"type":"area","id":"b"}\n{"type":"merchant","id":"n"}\ngarbage\n';
  const kept = await upload(`${path}/imports?mode=replace`, unclear, NDJSON_TYPE);
  expect(kept.body.counts).toMatchObject({ created: 1, failed: 1, deleted: 0 });
  const lines = '{"type":"area","id":"b"}\n{"collection":"merchants","id":"n"}\n';
  const { body } = await upload(`${path}/imports?mode=replace`, lines, NDJSON_TYPE);
  expect(body.counts).toMatchObject({ unchanged: 2, deleted: 2 });
  expect([await idsOf(path), await idsOf(path, 'merchants')]).toEqual([['b'], ['n']]);
  expect(await idsOf(path, 'beacons')).toEqual(['x']);
});

it('refuses rows with names that poison the objects of careless readers, as every other route does', async () => {
  const path = await mall('poison');
  const lines = [
    '{"type":"area","id":"a","__proto__":{"admin":true}}',
    '{"type":"area","id":"b","deep":[{"\\u005f_proto__":1}]}',
    '{"type":"area","id":"c","constructor":{"prototype":{}}}',
    '{"type":"area","id":"d","constructor":"Ltd.","note":"__proto__"}',
  ];
  const { body } = await upload(`${path}/imports`, lines.join('\n'), NDJSON_TYPE);
  expect(body.counts).toMatchObject({ created: 1, failed: 3 });
  expect(await idsOf(path)).toEqual(['d']);
});

it('keeps what came before the place where an upload is broken, and deletes nothing then', async () => {
  const path = await mall('cut');
  await upload(`${path}/imports`, '{"areas":[{"id":"old"}]}');
  const cut = await upload(`${path}/imports?mode=replace`, '{"areas":[{"id":"a"},{"id":"b"},{"id":');
  expect(errorOf(cut)).toEqual([400, 'MALFORMED_JSON']);
  expect(cut.body.error.details).toMatchObject({ state: 'failed', counts: { created: 2, deleted: 0 } });
  expect(await idsOf(path)).toEqual(['a', 'b', 'old']);
  const { body } = await admin.get(`${path}/imports/${cut.body.error.details.import_id}`);
  expect(body).toMatchObject({ state: 'failed', error: 'The upload breaks off after 38 bytes.' });
});

it('keeps what came before the client went away', async () => {
  const path = await mall('half');
  const url = new URL(`${malls.stage.url}${path}/imports`);
  const headers = { authorization: `Bearer ${admin.token}`, 'content-type': NDJSON_TYPE, 'content-length': '500000' };
  const sending = httpRequest(url, { method: 'POST', headers });
  sending.on('error', () => undefined);
  const lines = Array.from({ length: 1_100 }, (_, n) => `{"type":"area","id":"area-${n}"}\n`).join('');
  sending.write(lines);
  const running = await waitFor(async () => {
    const [found] = (await admin.get(`${path}/imports`)).body;
    return found?.counts.rows >= 1_000 && found;
  });
  expect(running).toMatchObject({ state: 'running', finished_at: null });
  sending.destroy();
  const ended = await waitFor(async () => {
    const { body } = await admin.get(`${path}/imports/${running.import_id}`);
    return body.state !== 'running' && body;
  });
  expect(ended).toMatchObject({ state: 'interrupted', error: 'The upload broke off.', counts: { created: 1_100 } });
});

it('refuses what is too large, said beforehand or not', async () => {
  const path = await mall('large');
  const text = `{"areas":[{"id":"a"}],"x":"${'x'.repeat(MAX_BYTES)}"}`;
  expect(errorOf(await upload(`${path}/imports`, text))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  expect((await admin.get(`${path}/imports`)).body).toEqual([]);
  const stream = new Blob([text]).stream();
  const chunked = await fetch(`${malls.stage.url}${path}/imports`, {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { authorization: `Bearer ${admin.token}`, 'content-type': JSON_TYPE },
  } as RequestInit);
  expect(chunked.status).toBe(413);
  expect(await idsOf(path)).toEqual(['a']);
});

it('reads a body that is larger than those of other routes, a record too large for itself alone', async () => {
  const path = await mall('wide');
  const areas = Array.from({ length: 20 }, (_, n) => ({ id: `a-${n}`, x: 'x'.repeat(100_000) }));
  const text = JSON.stringify({ areas: [...areas, { id: 'huge', x: 'x'.repeat(400_000) }, { id: 'last' }] });
  expect(text.length).toBeGreaterThan(2_000_000);
  const { body } = await upload(`${path}/imports`, text);
  expect(body.counts).toMatchObject({ rows: 22, created: 21, failed: 1 });
  expect(await idsOf(path)).toContain('last');
});

it('refuses other and compressed types, other callers, other entities and other modes', async () => {
  const path = await mall('types');
  const text = '{"areas":[]}';
  const gzip = new Uint8Array(gzipSync(text));
  expect(errorOf(await upload(`${path}/imports`, text, 'text/csv'))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  expect(errorOf(await upload(`${path}/imports`, gzip, JSON_TYPE, { 'content-encoding': 'gzip' }))).toEqual([
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ]);
  expect(errorOf(await upload(`${path}/imports?mode=x`, text))).toEqual([400, 'VALIDATION_FAILED']);
  expect(errorOf(await upload('/api/v1/entities/nobody/imports', text))).toEqual([404, 'ENTITY_NOT_FOUND']);
  expect(errorOf(await upload(`${path}/imports`, ''))).toEqual([400, 'MALFORMED_JSON']);
  const headers = { 'content-type': JSON_TYPE };
  expect(errorOf(await viewer.send('POST', `${path}/imports`, { rawBody: text, headers }))).toEqual([
    403,
    'ACCESS_DENIED',
  ]);
  expect(errorOf(await admin.get(`${path}/imports/nonsense`))).toEqual([404, 'IMPORT_NOT_FOUND']);
  // The type under which uploads travel inside is no way in elsewhere.
  expect(errorOf(await upload('/api/v1/entities', '{"name":"x"}', 'application/x-muster-upload'))).toEqual([
    400,
    'VALIDATION_FAILED',
  ]);
});
