import { io } from 'socket.io-client';
import { HUB_NAMESPACE, ROBOT_EVENTS, ROBOTS_REQUESTS } from '#libs/contracts';
import { GatewayStage } from '../../../../test/support/hub.js';
import { HubClient } from '../../../../test/support/hub-client.js';
import { waitFor } from '../../../../test/support/wait.js';
import { LiveEngine } from '../live/live.engine.js';
import { HubRooms } from './hub.rooms.js';
import { HubSessions } from './hub.sessions.js';

let stage: GatewayStage;
const open: HubClient[] = [];

beforeAll(async () => {
  stage = await GatewayStage.open();
}, 60_000);

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(() => stage.close());

async function browser(user: 'viewer' | 'operator' | 'admin' = 'viewer'): Promise<HubClient> {
  const client = await stage.browser(user);
  open.push(client);
  return client;
}

it('ROB-009 refuses a connection without a token, with a wrong one, and to a namespace that is none', async () => {
  await expect(HubClient.open(stage.url)).rejects.toMatchObject({ data: { code: 'AUTH_REQUIRED' } });
  await expect(HubClient.open(stage.url, 'nonsense')).rejects.toMatchObject({ data: { code: 'AUTH_INVALID_TOKEN' } });
  const { token } = await stage.as('viewer');
  await expect(HubClient.open(stage.url, token, '/')).rejects.toBeInstanceOf(Error);
});

it('ROB-054 the hub answers in its one namespace and nowhere else', async () => {
  const { token } = await stage.as('viewer');
  await expect(HubClient.open(stage.url, token, '/hubs/nothing')).rejects.toMatchObject({
    message: 'Invalid namespace',
  });
  expect(HUB_NAMESPACE).toBe('/hubs/robots');
  expect(await (await browser()).join('fleet')).toMatchObject({ ok: true, eventId: expect.any(String) });
});

it('lets a caller in by API key, and by a client that polls first', async () => {
  const admin = await stage.as('admin');
  const { body: key } = await admin.post('/api/v1/api-keys', { name: 'spec', roles: ['viewer'] });
  const auth = { apiKey: key.apiKey, apiSecret: key.apiSecret };
  const socket = io(stage.url + HUB_NAMESPACE, { auth, forceNew: true });
  expect(await socket.emitWithAck('join', { group: 'fleet' })).toMatchObject({ ok: true });
  await admin.delete(`/api/v1/api-keys/${key.id}`);
  await waitFor(() => socket.disconnected);
});

it('ROB-015 ROB-055 ROB-056 ROB-060 joins, receives in order, and leaves', async () => {
  const [fleet, one] = [await browser(), await browser()];
  await fleet.join('fleet');
  await one.join('robot:HB-1');
  await stage.live.status('HB-1', { state: 'IDLE' });
  await stage.live.status('HB-2', { state: 'BUSY' });
  const ids = (client: HubClient) => client.named('robot.status.updated').map(({ payload }) => payload['robotId']);
  await waitFor(() => ids(fleet).length === 2);
  expect(ids(fleet)).toEqual(['HB-1', 'HB-2']);
  expect(ids(one)).toEqual(['HB-1']);
  expect(one.events[0]).toMatchObject({ payload: { payload: { state: 'IDLE' } }, meta: { group: 'robot:HB-1' } });
  expect(await one.say('leave', { group: 'robot:HB-1' })).toMatchObject({ ok: true, eventId: expect.any(String) });
  await stage.live.status('HB-1');
  await waitFor(() => ids(fleet).length === 3);
  expect(ids(one)).toHaveLength(1);
});

it('ROB-023 ROB-059 telemetry arrives in order with exactly the documents’ fields and an eventId', async () => {
  const client = await browser();
  await client.join('robot:HB-3');
  for (let n = 0; n < 10; n++) await stage.live.telemetry('HB-3', { battery: 80 - n });
  await waitFor(() => client.events.length === 10);
  expect(client.events.map(({ payload }) => payload['payload'].battery)).toEqual([
    80, 79, 78, 77, 76, 75, 74, 73, 72, 71,
  ]);
  expect(Object.keys(client.events[0]!.payload).sort()).toEqual(['eventId', 'payload', 'receivedAt', 'robotId']);
});

it('ROB-057 ROB-058 ROB-061 ROB-062 domain events arrive under the documents’ names', async () => {
  const client = await browser();
  await client.join('robot:HB-4');
  for (const { event } of Object.values(ROBOT_EVENTS)) await stage.live.event('HB-4', event, { said: event });
  await waitFor(() => client.events.length === Object.keys(ROBOT_EVENTS).length);
  expect(client.events.map(({ name, payload }) => [name, payload['said'], typeof payload['eventId']])).toEqual(
    Object.values(ROBOT_EVENTS).map(({ event, hub }) => [hub, event, 'string']),
  );
});

it('ROB-005 ROB-012 an operator edits a robot through the hub, a viewer does not', async () => {
  stage.services.enrol('HB-5');
  const [viewer, operator] = [await browser('viewer'), await browser('operator')];
  const edit = { robotId: 'HB-5', displayName: 'Dock bot', tags: ['a'], notes: null, firmwareVersion: '9' };
  expect(await viewer.say('robot.update', edit)).toMatchObject({ ok: false, error: { code: 'ACCESS_DENIED' } });
  expect(stage.services.asked(ROBOTS_REQUESTS.update)).toEqual([]);
  const answer = await operator.say<any>('robot.update', edit);
  expect(answer).toMatchObject({ ok: true, eventId: expect.any(String), robot: { displayName: 'Dock bot' } });
  expect(stage.services.asked(ROBOTS_REQUESTS.update)).toEqual([
    {
      robotId: 'HB-5',
      update: { displayName: 'Dock bot', tags: ['a'], notes: null },
      by: expect.stringMatching(/^user:/),
    },
  ]);
  const unknown = await operator.say('robot.update', { robotId: 'HB-NONE', notes: 'x' });
  expect(unknown).toMatchObject({ ok: false, error: { code: 'ROBOT_NOT_FOUND' } });
});

it('what was sent without an acknowledgement is done, and told when it was refused', async () => {
  const client = await browser();
  client.socket.emit('join', { group: 'robot:*' });
  client.socket.emit('robot.update');
  client.socket.emit('no such message', 1);
  await waitFor(() => client.named('error').length === 3);
  expect(client.named('error').map(({ payload }) => [payload['on'], payload['code']])).toEqual([
    ['no such message', 'VALIDATION_FAILED'],
    ['join', 'VALIDATION_FAILED'],
    ['robot.update', 'ACCESS_DENIED'],
  ]);
  client.socket.emit('join', { group: 'robot:HB-6' });
  await waitFor(async () => {
    await stage.live.event('HB-6', ROBOT_EVENTS.metaUpdated.event, { said: 'hello' });
    return client.events.some(({ payload }) => payload['said'] === 'hello');
  });
  expect(client.named('error')).toHaveLength(3);
});

it.each<[string, string, unknown]>([
  ['no body', 'join', undefined],
  ['null', 'join', null],
  ['a number', 'join', 5],
  ['an array', 'join', ['fleet']],
  ['no group', 'join', {}],
  ['an unknown group', 'join', { group: 'everything' }],
  ['a wildcard', 'join', { group: 'robot:*' }],
  ['a subject', 'join', { group: 'robot:a.b' }],
  ['a group by prototype', 'join', JSON.parse('{"__proto__": {"group": "fleet"}}')],
  ['a huge group', 'join', { group: `robot:${'x'.repeat(2 * 1024 ** 2)}` }],
  ['a huge cursor', 'join', { group: 'fleet', lastEventId: 'x'.repeat(600) }],
  ['a cursor of the wrong type', 'join', { group: 'fleet', lastEventId: 12 }],
  ['an unknown replay', 'join', { group: 'fleet', replay: 'some' }],
  ['a rate that is none', 'join', { group: 'fleet', maxHz: 0 }],
  ['an edit without robot', 'robot.update', { displayName: 'x' }],
  ['an edit of a wrong type', 'robot.update', { robotId: 'HB-5', isEnabled: 'x' }],
  ['a message nobody knows', 'no such message', { a: 1 }],
])('refuses %s with an error and keeps the socket', async (_what, message, body) => {
  const client = await browser('operator');
  expect(await client.say<any>(message, body)).toEqual({
    ok: false,
    error: {
      code: expect.stringMatching(/VALIDATION_FAILED|ROBOT_ID_INVALID/),
      message: expect.any(String),
      details: expect.any(Object),
    },
  });
  expect(await client.join('fleet')).toMatchObject({ ok: true });
});

it('names the field that is wrong', async () => {
  const client = await browser('operator');
  const answer = await client.say<any>('robot.update', { robotId: 'HB-5', tags: ['ok', 5] });
  expect(JSON.stringify(answer.error.details)).toContain('tags');
});

it('survives messages without acknowledgement and with something else in its place', async () => {
  const client = await browser();
  client.socket.emit('join');
  client.socket.emit('join', { group: 'fleet' }, 'not a function');
  client.socket.emit('whatever', { a: 1 });
  expect(await client.join('fleet')).toMatchObject({ ok: true });
});

it('replays the gap through the hub and answers after it', async () => {
  const client = await browser();
  const { eventId: lastEventId } = await client.join('robot:HB-6');
  await client.say('leave', { group: 'robot:HB-6' });
  for (let n = 0; n < 3; n++) await stage.live.telemetry('HB-6', { n });
  const answer = await client.join('robot:HB-6', { lastEventId });
  expect(client.events.map(({ payload }) => payload['payload'].n)).toEqual([0, 1, 2]);
  expect(answer.eventId).toBe(client.lastEventId);
});

it('answers resync_required with a snapshot of the robot, and of the fleet', async () => {
  stage.services.enrol('HB-7', { displayName: 'Seven' });
  await stage.live.status('HB-7', { state: 'IDLE' });
  await stage.live.telemetry('HB-7', { battery: 1 });
  const client = await browser();
  const answer = await client.join('robot:HB-7', { lastEventId: 'made-up' });
  await client.join('fleet', { lastEventId: 'made-up' });
  const [robot, fleet] = client.named('resync_required').map(({ payload }) => payload);
  expect(robot).toMatchObject({
    group: 'robot:HB-7',
    reason: 'cursor_unreadable',
    eventId: answer.eventId,
    snapshot: {
      robot: { displayName: 'Seven' },
      status: { payload: { state: 'IDLE' } },
      telemetry: { payload: { battery: 1 } },
    },
  });
  expect(fleet).toMatchObject({ group: 'fleet', snapshot: { robots: expect.any(Array), total: expect.any(Number) } });
});

it('conflates status and telemetry to maxHz, newest last, and nothing else', async () => {
  const client = await browser();
  await client.join('robot:HB-8', { maxHz: 4 });
  const startedAtMs = Date.now();
  for (let n = 0; n < 50; n++) await stage.live.telemetry('HB-8', { n });
  for (let n = 0; n < 5; n++) await stage.live.event('HB-8', 'command.ack', { n });
  const numbers = () => client.named('robot.telemetry.updated').map(({ payload }) => payload['payload'].n);
  await waitFor(() => numbers().at(-1) === 49 && client.named('robot.command.ack').length === 5);
  expect(numbers().length).toBeLessThanOrEqual(2 + ((Date.now() - startedAtMs) / 1000) * 4);
  expect(client.named('robot.command.ack').map(({ payload }) => payload['n'])).toEqual([0, 1, 2, 3, 4]);
  const { lastEventId } = client;
  const again = await browser();
  await again.join('robot:HB-8', { lastEventId });
  expect(again.events).toEqual([]);
});

it('refuses a socket more messages than its rate, and serves it again later', async () => {
  const client = await browser();
  const answers = await Promise.all(Array.from({ length: 150 }, () => client.say('leave', { group: 'fleet' })));
  expect(answers.filter(({ ok }) => !ok).map(({ error }) => error?.code)).toContain('RATE_LIMIT_EXCEEDED');
  await waitFor(async () => (await client.say('leave', { group: 'fleet' })).ok);
});

it('closes the sockets of a user whose log-in is ended', async () => {
  const admin = await stage.as('admin');
  const user = { username: 'leaver', password: 'a long enough password', roles: ['viewer'] };
  const { body } = await admin.post('/api/v1/users', user);
  const login = await admin.post('/api/v1/auth/login', user);
  const client = await HubClient.open(stage.url, login.body.accessToken);
  await client.join('fleet');
  await admin.delete(`/api/v1/users/${body.id}`);
  await waitFor(() => client.socket.disconnected);
  expect(client.named('unauthorized')).toHaveLength(1);
});

it('refuses an upgrade to a path that is none, with the documents’ error', async () => {
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const { request } = await import('node:http');
  const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const call = request(`${stage.url}/ws/v1/nothing`, { headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    call.on('error', reject).end();
  });
  expect({ ...answer, body: JSON.parse(answer.body) }).toMatchObject({
    status: 404,
    body: { error: { code: 'ROUTE_NOT_FOUND' } },
  });
});

it('holds nothing when all have gone', async () => {
  const { app } = stage.gateway;
  const [engine, rooms, sessions] = [app.get(LiveEngine), app.get(HubRooms), app.get(HubSessions)];
  await waitFor(() => sessions.count === 0);
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => browser()));
    await Promise.all(
      clients.flatMap((client, i) => [client.join('fleet'), client.join(`robot:HL-${i}`, i % 2 ? { maxHz: 1 } : {})]),
    );
    for (const client of open.splice(0)) client.close();
  }
  await waitFor(() => sessions.count === 0);
  expect({ groups: engine.groupCount, rooms: rooms.count }).toEqual({ groups: 0, rooms: 0 });
});
