import type { Api } from '../../../../test/support/api.js';
import { Api as Client } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

let malls: Orchestrators;
let [admin, operator, viewer]: Api[] = [];

beforeAll(async () => {
  const stage = await GatewayStage.open();
  malls = new Orchestrators(stage);
  await malls.startService();
  await Promise.all(['ea-1', 'ea-2', 'ea-3', 'ea-4', 'ea-5'].map((id) => malls.entity(id)));
  [admin, operator, viewer] = await Promise.all([stage.as('admin'), stage.as('operator'), stage.as('viewer')]);
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => malls.close());

async function orchestrator(entityId: string): Promise<Api> {
  return new Client(malls.stage.url, await malls.token(entityId));
}

const ackPath = (eventId: string) => `/api/orchestrators/events/${eventId}/ack`;
const events = async (entityId: string, query = '') => viewer!.get(`/api/v1/entities/${entityId}/events${query}`);

it('ORC-017 an event shows as acknowledged by its orchestrator, once, and the last word counts', async () => {
  const { received } = await malls.sse('ea-1');
  await malls.tell('ea-1', { n: 1 });
  const [{ id = '' } = {}] = await received.until(1);
  const caller = await orchestrator('ea-1');
  expect(await caller.post(ackPath(id), { status: 'received' })).toMatchObject({
    status: 200,
    body: { acknowledged: true, event_id: id },
  });
  await caller.post(ackPath(id), { status: 'failed', error: 'disk full' });
  await caller.post(ackPath(id), {});
  const { body } = await events('ea-1');
  expect(body.events[0]).toMatchObject({
    event_id: id,
    event: 'data_update',
    data: { n: 1 },
    acks: [{ orchestrator_id: 'orch-ea-1', status: 'failed', error: 'disk full' }],
  });
});

it('ORC-017 refuses to acknowledge a foreign event as it refuses one that does not exist', async () => {
  const { received } = await malls.sse('ea-1');
  await malls.tell('ea-1');
  const [{ id = '' } = {}] = await received.until(1);
  const foreign = await orchestrator('ea-2');
  const ids = [id, 'evt-0', 'evt-1', `evt-${Number(id.slice(4)) + 1_000}`, 'evt-9999999999999999', 'nonsense', 'evt-'];
  for (const eventId of ids) {
    const { status, body } = await foreign.post(ackPath(eventId), { status: 'applied' });
    expect([eventId, status, body.error.code]).toEqual([eventId, 404, 'EVENT_NOT_FOUND']);
  }
  expect((await events('ea-1')).body.events[0].acks).toEqual([]);
});

it.each([
  ['a status that is no word', { status: 'not a word' }],
  ['a status of the wrong type', { status: 5 }],
  ['an error of the wrong type', { error: {} }],
  ['a NUL', { error: 'a\0b' }],
])('refuses an acknowledgement with %s', async (_what, body) => {
  const { status } = await (await orchestrator('ea-1')).post(ackPath('evt-5'), body);
  expect(status).toBe(400);
});

it('lists the newest events first, page by page, and of one entity alone', async () => {
  for (let n = 0; n < 5; n++) {
    await malls.tell('ea-3', { n });
    await malls.tell('ea-2', { n });
  }
  const first = (await events('ea-3', '?limit=2')).body;
  const second = (await events('ea-3', `?limit=2&after=${first.next}`)).body;
  const third = (await events('ea-3', `?limit=2&after=${second.next}`)).body;
  const pages = [first, second, third];
  expect(pages.map(({ events: page }) => page.map(({ data }: any) => data.n))).toEqual([[4, 3], [2, 1], [0]]);
  expect(third.next).toBeNull();
  expect((await events('nobody')).body.error.code).toBe('ENTITY_NOT_FOUND');
  expect((await operator!.get('/api/v1/entities/ea-3/events?limit=0')).status).toBe(400);
});

const PARAMS = {
  min_battery_threshold: 25,
  max_distance_meters: 500,
  priority_weights: { distance: 0.6, battery: 0.3, queue_length: 0.1 },
};

it('ORC-024 a configuration reaches the orchestrator unchanged, counts its versions and shows its acknowledgement', async () => {
  const { received } = await malls.sse('ea-2');
  const body = { type: 'robot_selection_params', config: PARAMS };
  expect((await operator!.put('/api/v1/entities/ea-2/config', body)).body).toMatchObject({
    ...body,
    version: 1,
    acknowledgement: null,
  });
  await admin!.put('/api/v1/entities/ea-2/config', { ...body, config: { ...PARAMS, max_distance_meters: 501 } });
  const sent = await received.until(2);
  expect(sent.map(({ event, data }) => [event, data])).toEqual([
    ['config_update', { ...body, version: 1 }],
    ['config_update', { type: body.type, config: { ...PARAMS, max_distance_meters: 501 }, version: 2 }],
  ]);
  const caller = await orchestrator('ea-2');
  await caller.post(ackPath(sent[0]!.id!), { status: 'ignored' });
  const current = async () => (await viewer!.get('/api/v1/entities/ea-2/config')).body;
  expect(await current()).toMatchObject([{ version: 2, acknowledgement: null }]);
  await caller.post(ackPath(sent[1]!.id!), { status: 'applied' });
  expect(await current()).toMatchObject([
    { version: 2, acknowledgement: { orchestrator_id: 'orch-ea-2', status: 'applied' } },
  ]);
  await operator!.put('/api/v1/entities/ea-2/config', body);
  expect(await current()).toMatchObject([{ version: 3, acknowledgement: null }]);
});

it('ORC-024 a configuration pushed with a version has it, and a later one always has a higher one', async () => {
  const { received } = await malls.sse('ea-4');
  const body = { type: 'robot_selection_params', config: PARAMS };
  const push = async (more: object): Promise<unknown> =>
    (await operator!.put('/api/v1/entities/ea-4/config', { ...body, ...more })).body.version;
  const versions = [await push({ version: 2 }), await push({}), await push({ version: 2 }), await push({ version: 9 })];
  expect(versions).toEqual([2, 3, 4, 9]);
  expect((await received.until(4)).map(({ data }) => data)).toEqual(versions.map((version) => ({ ...body, version })));
});

it('a configuration whose answer was lost is sent once, also after the gateway forgot that it was asked', async () => {
  const { received } = await malls.sse('ea-5');
  const headers = { 'x-idempotency-key': 'configuration-1' };
  const push = (config: object) => operator!.put('/api/v1/entities/ea-5/config', { type: 'x', config }, { headers });
  const first = await push({ n: 1 });
  await operator!.put('/api/v1/entities/ea-5/config', { type: 'x', config: { n: 2 } });
  await malls.query(`DELETE FROM "auth"."idempotentRequests"`);
  expect((await push({ n: 1 })).body).toEqual(first.body);
  await operator!.put('/api/v1/entities/ea-5/config', { type: 'x', config: { n: 3 } });
  expect((await received.until(3)).map(({ data }) => data.version)).toEqual([1, 2, 3]);
});

it.each<[string, number, unknown]>([
  ['a version that is no number', 400, { type: 'x', config: {}, version: '2' }],
  ['the version 0', 400, { type: 'x', config: {}, version: 0 }],
  ['a weight over 1', 400, { type: 'robot_selection_params', config: { priority_weights: { distance: 1.5 } } }],
  ['a text for a number', 400, { type: 'robot_selection_params', config: { min_battery_threshold: '25' } }],
  ['no type', 400, { config: {} }],
  ['a type that is no word', 400, { type: 'a b', config: {} }],
  ['an array', 400, { type: 'x', config: [] }],
  ['64 KiB and more', 413, { type: 'x', config: { text: 'x'.repeat(65_536) } }],
])('refuses a configuration with %s', async (_what, status, body) => {
  expect((await operator!.put('/api/v1/entities/ea-3/config', body)).status).toBe(status);
  expect((await viewer!.get('/api/v1/entities/ea-3/config')).body).toEqual([]);
});

it('a configuration of an unknown entity is 404, and a viewer may not send one', async () => {
  const body = { type: 'x', config: {} };
  expect((await operator!.put('/api/v1/entities/nobody/config', body)).body.error.code).toBe('ENTITY_NOT_FOUND');
  expect((await viewer!.put('/api/v1/entities/ea-3/config', body)).status).toBe(403);
});

it('ORC-017 ORC-133 acknowledges over the WebSocket, answers every message, and survives nonsense', async () => {
  const client = await malls.ws('ea-3');
  await malls.tell('ea-3', { n: 'ws' });
  const [{ id } = {}] = await client.received.until(1);
  client.say({ type: 'ack', event_id: id, status: 'applied' });
  await waitFor(() => client.said.length === 1);
  expect(client.said[0]).toEqual({ type: 'ack', event_id: id, acknowledged: true });
  for (const bad of ['{', 'null', '[]', { type: 'x' }, { type: 'ack' }, { type: 'ack', event_id: 'evt-7' }]) {
    client.say(bad);
  }
  client.socket.send(Buffer.from([1, 2, 3]));
  client.say({ type: 'pong' });
  await waitFor(() => client.said.length === 8);
  const codes = client.said.slice(1).map(({ type, error }) => `${type} ${error.code}`);
  expect(codes.sort((one, other) => one.localeCompare(other))).toEqual([
    'error EVENT_NOT_FOUND',
    'error MALFORMED_JSON',
    ...Array.from({ length: 5 }, () => 'error VALIDATION_FAILED'),
  ]);
  expect((await events('ea-3', '?limit=1')).body.events[0].acks).toMatchObject([{ status: 'applied' }]);
});
