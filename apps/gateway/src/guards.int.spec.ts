import { Logger } from '@nestjs/common';
import { HTTP_HEADERS, MusterError, ROBOTS_REQUESTS, ROUTES } from '#libs/contracts';
import { JsonLogger } from '#libs/platform';
import { type Answer, Api } from '../../../test/support/api.js';
import { GatewayStage } from '../../../test/support/hub.js';
import { WsClient } from '../../../test/support/event-stream.js';
import { HubClient } from '../../../test/support/hub-client.js';
import { waitFor } from '../../../test/support/wait.js';
import { TokenIssuer } from './auth/tokens/token.issuer.js';

const DEADLINE_MS = 6_000;

describe('a whole gateway', () => {
  let stage: GatewayStage;
  let admin: Api;
  let viewer: Api;

  beforeAll(async () => {
    stage = await GatewayStage.open({ RATE_LIMIT_SYNC_DELTA_PER_MINUTE: '1' });
    [admin, viewer] = [await stage.as('admin'), await stage.as('viewer')];
    stage.services.enrol('RB-001');
  });

  afterAll(() => stage.close());

  afterEach(() => stage.services.answers.clear());

  async function orchestrator(id: string): Promise<Api> {
    const scope = { role: 'orchestrator', entityId: 'mall-a', aliases: [] } as const;
    const grant = { id, scope, sessionId: '00000000-0000-4000-8000-00000000000d', lifeS: 600 };
    return new Api(
      stage.url,
      (await stage.gateway.app.get(TokenIssuer, { strict: false }).issueToMachine(grant)).token,
    );
  }

  const failing = (error: Error): void => {
    stage.services.answers.set(ROBOTS_REQUESTS.get.subject, () => {
      throw error;
    });
  };

  const desired = (payload: object): Promise<Answer> =>
    admin.put(
      '/api/v1/robots/RB-001/settings/desired',
      { payload },
      { headers: { [HTTP_HEADERS.idempotencyKey]: 'k' } },
    );

  it.each<[number, string, () => Promise<Answer>]>([
    [400, 'VALIDATION_FAILED', () => admin.post('/api/v1/users', { username: 7 })],
    [400, 'MALFORMED_JSON', () => admin.send('POST', '/api/v1/users', { rawBody: '{', headers: JSON_TYPE })],
    [401, 'AUTH_REQUIRED', () => new Api(stage.url).get('/api/v1/robots')],
    [401, 'AUTH_INVALID_TOKEN', () => new Api(stage.url, 'forged').get('/api/v1/robots')],
    [403, 'ACCESS_DENIED', () => viewer.post('/api/v1/users', {})],
    [404, 'ROBOT_NOT_FOUND', () => viewer.get('/api/v1/robots/RB-404')],
    [404, 'ROUTE_NOT_FOUND', () => viewer.get('/api/v1/nothing')],
    [405, 'METHOD_NOT_ALLOWED', () => viewer.delete('/api/v1/robots')],
    [409, 'USER_EXISTS', () => admin.post('/api/v1/users', USER)],
    [415, 'UNSUPPORTED_MEDIA_TYPE', () => admin.send('POST', '/api/v1/users', { rawBody: 'x', headers: TEXT_TYPE })],
    [422, 'IDEMPOTENCY_KEY_REUSED', async () => (await desired({ a: 1 })) && desired({ a: 2 })],
    [
      500,
      'INTERNAL_ERROR',
      () => (failing(new MusterError('INTERNAL_ERROR', 'x')), viewer.get('/api/v1/robots/RB-001')),
    ],
    [503, 'OVERLOADED', () => (failing(new MusterError('OVERLOADED', 'x')), viewer.get('/api/v1/robots/RB-001'))],
  ])('ORC-098 %i %s has the documents’ body and content type', async (status, code, provoke) => {
    const answer = await provoke();
    expect(answer.status).toBe(status);
    expectDocumented(answer, code);
  });

  it('ORC-098 ORC-099 429 tells to wait, in the documents’ form', async () => {
    const device = await orchestrator('orch-429');
    const path = `${ROUTES.orchestratorsSyncDelta.path}?since=nonsense`;
    expect((await device.get(path)).status).toBe(400);
    const answer = await device.get(path);
    expect(answer.status).toBe(429);
    expectDocumented(answer, 'RATE_LIMIT_EXCEEDED');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('ORC-102 a service that hangs is answered 504 within the deadline, with a time to come back', async () => {
    stage.services.answers.set(ROBOTS_REQUESTS.get.subject, () => new Promise(() => undefined));
    const startedAt = performance.now();
    const answer = await viewer.get('/api/v1/robots/RB-001');
    expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS);
    expect(answer.status).toBe(504);
    expectDocumented(answer, 'NETWORK_TIMEOUT');
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('a write that timed out runs again under its key', async () => {
    const headers = { [HTTP_HEADERS.idempotencyKey]: 'timed-out' };
    const write = (): Promise<Answer> => admin.put('/api/v1/robots/RB-001', { notes: 'x' }, { headers });
    stage.services.answers.set(ROBOTS_REQUESTS.update.subject, () => {
      throw new MusterError('NETWORK_TIMEOUT', 'x');
    });
    const first = await write();
    stage.services.answers.clear();
    const second = await write();
    const third = await write();
    expect([first, second, third].map(({ status }) => status)).toEqual([504, 200, 200]);
    expect([second, third].map((answer) => answer.headers.get(HTTP_HEADERS.idempotencyReplayed))).toEqual([
      null,
      'true',
    ]);
  });

  it('ORC-114 is degraded and still ready while a service behind it is away', async () => {
    const anonymous = new Api(stage.url);
    const { status, body } = await anonymous.get(ROUTES.health.path);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'degraded',
      checks: { broker: 'healthy', database: 'healthy', robots_service: 'healthy', beacons_service: 'degraded' },
      metrics: { uptime_seconds: expect.any(Number) },
    });
    expect((await anonymous.get(ROUTES.healthReady.path)).status).toBe(200);
  });

  it('ORC-130 a socket that is refused is in the audit log', async () => {
    await expect(HubClient.open(stage.url, 'forged')).rejects.toThrow(/token/i);
    const entry = await waitFor(async () => (await admin.get('/api/v1/audit?action=hub')).body[0]);
    expect(entry).toMatchObject({
      code: 'AUTH_INVALID_TOKEN',
      status: 401,
      actor_kind: 'anonymous',
      address: expect.stringMatching(/127/),
    });
  });

  it('ORC-130 a stream that is refused is in the audit log, with whoever proved itself', async () => {
    const { token } = await orchestrator('orch-ws');
    const foreign = { token, headers: { 'x-entity-id': 'mall-b' } };
    await expect(WsClient.open(stage.url, foreign)).rejects.toThrow(/ENTITY_ACCESS_DENIED/);
    const entry = await waitFor(async () => (await admin.get('/api/v1/audit?action=orchestratorsSocket')).body[0]);
    expect(entry).toMatchObject({ actor: 'orchestrator:orch-ws', entity_id: 'mall-a', code: 'ENTITY_ACCESS_DENIED' });
  });

  it('ORC-111 every line of a device’s request says which device of which entity, and its trace', async () => {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    Logger.overrideLogger(new JsonLogger({ component: 'gateway', level: 'debug', destination }));
    try {
      await (await orchestrator('orch-log')).get('/api/v1/auth/me');
      const line = await waitFor(() => lines.find(({ event, route }) => event === 'http_request' && route === ME));
      expect(line).toMatchObject({
        timestamp: expect.stringMatching(/Z$/),
        level: 'DEBUG',
        component: 'gateway',
        entity_id: 'mall-a',
        orchestrator_id: 'orch-log',
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        duration_ms: expect.any(Number),
      });
      await viewer.get('/api/v1/auth/me');
      const other = await waitFor(() => lines.findLast(({ route, entity_id }) => route === ME && !entity_id));
      expect(other).not.toHaveProperty('orchestrator_id');
    } finally {
      Logger.overrideLogger(false);
    }
  });
});

const ME = '/api/v1/auth/me';
const USER = { username: 'viewer', password: 'a-long-password', roles: ['viewer'] };
const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT_TYPE = { 'content-type': 'text/plain' };

function expectDocumented({ body, headers }: Answer<any>, code: string): void {
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(body).toEqual({
    error: {
      code,
      message: expect.stringMatching(/./),
      details: expect.any(Object),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      request_id: headers.get('x-request-id'),
    },
  });
}
