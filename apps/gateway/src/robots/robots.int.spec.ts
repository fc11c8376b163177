import { ENTITIES_REQUESTS, MusterError, ROBOTS_REQUESTS, ROUTES } from '#libs/contracts';
import { Api } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';

let stage: GatewayStage;
let viewer: Api;
let operator: Api;
let admin: Api;

beforeAll(async () => {
  stage = await GatewayStage.open();
  [viewer, operator, admin] = await Promise.all([stage.as('viewer'), stage.as('operator'), stage.as('admin')]);
  for (let i = 1; i <= 5; i++) stage.services.enrol(`RB-00${i}`);
}, 60_000);

afterAll(() => stage.close());

afterEach(() => stage.services.answers.clear());

const REPORT = { robotId: 'RB-001', receivedAt: '2026-11-20T10:00:00.000Z', payload: { a: 1 } };

it('ROB-046 lists robots as an array, with the next page in the headers', async () => {
  const { status, body, headers } = await viewer.get('/api/v1/robots?limit=2&q=RB%20x&tag=t&presence=online');
  expect(status).toBe(200);
  expect(body.map(({ robotId }: { robotId: string }) => robotId)).toEqual(['RB-001', 'RB-002']);
  expect(headers.get('x-total-count')).toBe('5');
  expect(headers.get('x-next-cursor')).toBe('RB-002');
  expect(headers.get('link')).toBe('</api/v1/robots?limit=2&q=RB+x&tag=t&presence=online&after=RB-002>; rel="next"');
  expect(stage.services.asked(ROBOTS_REQUESTS.list).at(-1)).toEqual({
    limit: 2,
    text: 'RB x',
    tag: 't',
    presence: 'online',
  });
});

it('ROB-046 puts the parts of a long list together, and says nothing of a next page on the last', async () => {
  const { body, headers } = await viewer.get('/api/v1/robots');
  expect(body).toHaveLength(5);
  expect(headers.get('x-next-cursor')).toBeNull();
  expect(headers.get('link')).toBeNull();
  expect(stage.services.asked(ROBOTS_REQUESTS.list).at(-1)).toEqual({ limit: 100 });
});

it.each(['limit=0', 'limit=1001', 'limit=x', 'after=%00', 'presence=asleep', 'tag=a&tag=b', 'q='])(
  'refuses the query %s and names the field',
  async (query) => {
    const { status, body } = await viewer.get(`/api/v1/robots?${query}`);
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(body.error.details.fields[0].field).toBe(query.split('=')[0]);
  },
);

it('ROB-047 answers one robot, and 404 for one nobody knows', async () => {
  expect((await viewer.get('/api/v1/robots/RB-001')).body).toMatchObject({ robotId: 'RB-001', tags: null });
  const { status, body } = await viewer.get('/api/v1/robots/RB-404');
  expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'ROBOT_NOT_FOUND' });
});

it.each(['a.b', '*', 'robots.>', 'ack', 'desired', 'Ünicode', `"quoted"`, 'a b', 'x'.repeat(65), "'; DROP", '%00'])(
  'ROB-031 refuses the robot id %j before anything else',
  async (id) => {
    const path = `/api/v1/robots/${encodeURIComponent(id)}`;
    for (const { status, body } of [
      await operator.get(path),
      await operator.put(path, { isEnabled: 'x' }),
      await operator.post(`${path}/commands`, 'no object'),
    ]) {
      expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'ROBOT_ID_INVALID' });
    }
  },
);

it.each([
  ['identity', ROBOTS_REQUESTS.identity],
  ['capability', ROBOTS_REQUESTS.capability],
  ['status', ROBOTS_REQUESTS.status],
  ['settings/reported', ROBOTS_REQUESTS.settingsReported],
] as const)('ROB-044 ROB-048 ROB-049 ROB-011 answers %s as the service has it', async (path, contract) => {
  stage.services.answers.set(contract.subject, () => REPORT);
  expect((await viewer.get(`/api/v1/robots/RB-001/${path}`)).body).toEqual(REPORT);
});

it('passes on what a service says it has not', async () => {
  stage.services.answers.set(ROBOTS_REQUESTS.identity.subject, () => {
    throw new MusterError('IDENTITY_NOT_FOUND', 'RB-001 has not said who it is.');
  });
  const { status, body } = await viewer.get('/api/v1/robots/RB-001/identity');
  expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'IDENTITY_NOT_FOUND' });
});

it.each(['identity', 'capability'] as const)('pages through the history of %s', async (kind) => {
  stage.services.answers.set(ROBOTS_REQUESTS.history.subject, () => ({ items: [REPORT], next: 'n1' }));
  const { body, headers } = await viewer.get(`/api/v1/robots/RB-001/${kind}/history?limit=1&after=n0`);
  expect(body).toEqual([REPORT]);
  expect(headers.get('x-next-cursor')).toBe('n1');
  const asked = { robotId: 'RB-001', kind, limit: 1, after: 'n0' };
  expect(stage.services.asked(ROBOTS_REQUESTS.history).at(-1)).toEqual(asked);
});

it('ROB-050 ROB-042 changes what was said, leaves the rest and clears with null', async () => {
  const update = {
    displayName: 'Dock bot',
    isEnabled: false,
    tags: ['a'],
    notes: null,
    mapId: 'm',
    homeStationId: null,
  };
  const { status, body } = await operator.put('/api/v1/robots/RB-001', {
    ...update,
    firmwareVersion: '6',
    robotId: 'X',
  });
  expect({ status, body }).toMatchObject({ status: 200, body: { robotId: 'RB-001', ...update } });
  await operator.put('/api/v1/robots/RB-001', { notes: 'n' });
  const asked = stage.services.asked(ROBOTS_REQUESTS.update).slice(-2);
  expect(asked.map((request) => request.update)).toEqual([update, { notes: 'n' }]);
  expect(asked[0].by).toMatch(/^user:[0-9a-f-]{36}$/);
});

it.each<[string, unknown]>([
  ['isEnabled', { isEnabled: 'x' }],
  ['isEnabled', { isEnabled: null }],
  ['displayName', { displayName: null }],
  ['displayName', { displayName: '' }],
  ['displayName', { displayName: 'x'.repeat(201) }],
  ['tags', { tags: 'a' }],
  ['tags', { tags: ['a', 5] }],
  ['tags', { tags: ['a', 'a'] }],
  ['notes', { notes: 'a\u0000b' }],
  ['notes', { notes: {} }],
  ['mapId', { mapId: 5 }],
  ['body', ['displayName']],
  ['body', 'text'],
])('ROB-042 refuses a wrong %s: %j', async (field, update) => {
  const { status, body } = await operator.put('/api/v1/robots/RB-001', update);
  expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
  expect(body.error.details.fields[0].field).toBe(field);
});

it('refuses a body that nests too deep instead of falling over it', async () => {
  const deep = `{"notes":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const { status, body } = await operator.put('/api/v1/robots/RB-001', undefined, {
    rawBody: deep,
    headers: { 'content-type': 'application/json' },
  });
  expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
});

it('ROB-043 ROB-052 takes desired settings that are one object of at most 64 KiB', async () => {
  const path = '/api/v1/robots/RB-001/settings/desired';
  expect((await operator.put(path, { payload: { speed: 2, constructor: { x: 1 } } })).body).toEqual({ ok: true });
  expect(stage.services.asked(ROBOTS_REQUESTS.setDesired)).toMatchObject([
    { robotId: 'RB-001', payload: { speed: 2 } },
  ]);
  for (const body of [{}, { payload: 'x' }, { payload: [] }, { payload: null }, []]) {
    expect((await operator.put(path, body)).status).toBe(400);
  }
  const { status, body } = await operator.put(path, { payload: { x: 'x'.repeat(65_536) } });
  expect({ status, code: body.error.code, ...body.error.details }).toEqual({
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    sizeBytes: 65_544,
    limitBytes: 65_536,
  });
  expect(stage.services.asked(ROBOTS_REQUESTS.setDesired)).toHaveLength(1);
});

it('ROB-012 lets no viewer write', async () => {
  for (const { status } of [
    await viewer.put('/api/v1/robots/RB-001', { notes: 'x' }),
    await viewer.put('/api/v1/robots/RB-001/settings/desired', { payload: {} }),
    await viewer.post('/api/v1/robots/RB-001/commands', { commandType: 'dock' }),
  ]) {
    expect(status).toBe(403);
  }
});

it('ROB-013 issues and revokes credentials for administrators alone', async () => {
  const credentials = { robotId: 'RB-009', creds: 'secret', urls: [], issuedAt: '2026-11-20T10:00:00.000Z' };
  stage.services.answers.set(ROBOTS_REQUESTS.issueCredentials.subject, () => credentials);
  stage.services.answers.set(ROBOTS_REQUESTS.revokeCredentials.subject, () => ({ revoked: 1 }));
  const path = '/api/v1/robots/RB-009/credentials';
  expect((await operator.post(path, { transport: 'nats' })).status).toBe(403);
  expect(await admin.post(path, { transport: 'nats' })).toMatchObject({ status: 201, body: credentials });
  expect((await admin.post(path, { transport: 'pigeon' })).status).toBe(400);
  expect(await admin.delete(path)).toMatchObject({ status: 204, body: '' });
});

it('ORC-085 issues tokens to robots: they report tasks of their entity, and end with the credentials', async () => {
  const { answers } = stage.services;
  answers.set(ENTITIES_REQUESTS.get.subject, ({ entity_id }) => {
    if (entity_id !== 'mall-a') throw new MusterError('ENTITY_NOT_FOUND', 'no');
    return {};
  });
  answers.set(ROBOTS_REQUESTS.enrol.subject, () => ({ ok: true }));
  const path = '/api/v1/robots/RB-010/credentials';
  const issued = await admin.post(path, { transport: 'http', entity_id: 'mall-a' });
  expect(issued).toMatchObject({ status: 201, body: { robotId: 'RB-010' } });
  expect(Date.parse(issued.body.expires_at) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  expect(stage.services.asked(ROBOTS_REQUESTS.enrol)).toContainEqual({ robotId: 'RB-010' });
  const robot = new Api(stage.url, issued.body.token);
  expect((await robot.get('/api/v1/auth/me')).body).toMatchObject({ roles: ['robot'] });
  const foreign = { headers: { 'x-entity-id': 'mall-b' } };
  expect((await robot.get('/api/v1/auth/me', foreign)).body.error.code).toBe('ENTITY_ACCESS_DENIED');
  expect((await robot.get(ROUTES.orchestratorsSyncFull.path)).status).toBe(403);
  expect((await robot.post(ROUTES.entitiesCreate.path, {})).status).toBe(403);
  expect((await admin.post(path, { transport: 'http', entity_id: 'mall-x' })).status).toBe(404);
  answers.set(ROBOTS_REQUESTS.revokeCredentials.subject, () => {
    throw new MusterError('CREDENTIALS_NOT_FOUND', 'none');
  });
  expect((await admin.delete(path)).status).toBe(204);
  expect((await robot.get('/api/v1/auth/me')).status).toBe(401);
  expect((await admin.delete(path)).status).toBe(404);
});

it('answers 504 when a service takes too long', async () => {
  stage.services.answers.set(ROBOTS_REQUESTS.get.subject, () => {
    throw new MusterError('NETWORK_TIMEOUT', 'too long');
  });
  expect((await viewer.get('/api/v1/robots/RB-001')).status).toBe(504);
});
