import { randomUUID } from 'node:crypto';
import { HTTP_HEADERS, ROUTES } from '#libs/contracts';
import { type Answer, Api } from '../support/api.js';
import {
  createMall,
  MallOrchestrator,
  newDeviceKeys,
  registrationBody,
  sendSigned,
  signatureOf,
  tryRegister,
} from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const APPS = ['gateway', 'robots', 'commands', 'telemetry', 'orchestrators', 'beacons'] as const;

/** The guards of the edge through the whole platform, with two gateways. */
describe('guards of malls end to end', () => {
  let platform: TestPlatform;
  let admins: readonly Api[];
  let orchestrator: MallOrchestrator;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate', gateways: 2 });
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    admins = platform.urls.map((url) => new Api(url, admin.token));
    orchestrator = await MallOrchestrator.ofNewMall(admin, { orchestratorId: 'orch-guards' });
  }, 120_000);

  afterAll(() => platform.stop());

  const linesOf = (name: string): Record<string, any>[] =>
    platform
      .logs(name)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));

  const urlOf = (name: string): string =>
    linesOf(name).findLast(({ event }) => event === 'service_started')?.['url'] ?? `no url of ${name}`;

  it('ORC-104 one key on two gateways has one effect and one answer, secrets included', async () => {
    const options = { headers: { [HTTP_HEADERS.idempotencyKey]: randomUUID() } };
    const body = { name: 'Mall Twice' };
    const [first, second] = [
      await admins[0]!.post(ROUTES.entitiesCreate.path, body, options),
      await admins[1]!.post(ROUTES.entitiesCreate.path, body, options),
    ];
    expect(first.status).toBe(201);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(first.body.enrolment_secret).toMatch(/./);
    expect(second.headers.get(HTTP_HEADERS.idempotencyReplayed)).toBe('true');
  });

  it('ORC-104 a registration that is sent again is answered with the same token', async () => {
    const { body: mall } = await admins[0]!.post(ROUTES.entitiesCreate.path, { name: 'Mall Again' });
    const keys = newDeviceKeys();
    const text = JSON.stringify(registrationBody({ entityId: mall.entity_id, secret: mall.enrolment_secret, keys }));
    const headers = {
      [HTTP_HEADERS.idempotencyKey]: randomUUID(),
      [HTTP_HEADERS.signature]: signatureOf(text, keys.privateKey),
    };
    const answers = [
      await sendSigned(platform.urls[0]!, text, headers),
      await sendSigned(platform.urls[1]!, text, headers),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]!.body).toEqual(answers[0]!.body);
  });

  it('ORC-094 the eleventh delta sync of a minute is refused, whichever gateway takes it', async () => {
    const path = `${ROUTES.orchestratorsSyncDelta.path}?since=${new Date().toISOString()}`;
    const answers: Answer<any>[] = [];
    for (let request = 0; request < 11; request += 1) {
      const url = platform.urls[request % 2]!;
      answers.push(await new Api(url).get(path, { headers: orchestrator.headers }));
    }
    const last = answers.at(-1)!;
    expect(answers.slice(0, -1).filter(({ status }) => status === 429)).toEqual([]);
    expect(last).toMatchObject({ status: 429, body: { error: { code: 'RATE_LIMIT_EXCEEDED' } } });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(last.headers.get(HTTP_HEADERS.rateLimit)).toBe('10');
  });

  it('ORC-130 the audit log has who made the mall, who got in, and who tried to', async () => {
    const { entityId } = orchestrator;
    const open = await createMall(admins[0]!);
    const forged = { entityId: open.entityId, secret: 'enrol_guessed', orchestratorId: 'forger' };
    expect((await tryRegister(platform.url, forged)).status).toBe(401);
    const foreign = { ...orchestrator.headers, 'x-entity-id': 'another-mall' };
    const full = ROUTES.orchestratorsSyncFull.path;
    expect((await new Api(platform.urls[1]!).get(full, { headers: foreign })).status).toBe(403);
    const found = (query: string): Promise<any> =>
      waitFor(async () => (await admins[0]!.get(`${ROUTES.auditSearch.path}?${query}`)).body[0]);
    expect(await found(`action=entitiesCreate&outcome=done`)).toMatchObject({ actor_name: 'admin', status: 201 });
    expect(await found('action=orchestratorsRegister&outcome=done')).toMatchObject({ actor_kind: 'anonymous' });
    expect(await found('action=orchestratorsRegister&outcome=refused')).toMatchObject({ status: 401 });
    expect(await found(`entity_id=${entityId}&code=ENTITY_ACCESS_DENIED`)).toMatchObject({
      action: 'orchestratorsSyncFull',
      actor: `orchestrator:${orchestrator.assignedId}`,
    });
  });

  it('ORC-111 ORC-112 every line of every app is JSON of the documents’ form, and a sync has all nine keys', async () => {
    const { status } = await orchestrator.get(ROUTES.orchestratorsSyncFull.path);
    expect(status).toBe(200);
    const sync = await waitFor(() => linesOf('gateway').find(({ event }) => event === 'data_sync_completed'));
    expect(sync).toMatchObject({
      level: 'INFO',
      component: 'gateway',
      entity_id: orchestrator.entityId,
      orchestrator_id: orchestrator.assignedId,
      duration_ms: expect.any(Number),
      records_synced: expect.any(Number),
    });
    for (const app of APPS) {
      const text = platform.logs(app).split('\n').filter(Boolean);
      expect({ app, plain: text.filter((line) => !line.startsWith('{')) }).toEqual({ app, plain: [] });
      for (const line of linesOf(app)) {
        expect(line).toMatchObject({
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          level: expect.stringMatching(/^(?:DEBUG|INFO|WARN|ERROR|FATAL)$/),
          component: app,
          event: expect.stringMatching(/./),
          trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        });
      }
    }
  });

  it.each(APPS)('ORC-113 GET /health of %s has the documents’ shape', async (app) => {
    const { status, body } = await new Api(urlOf(app)).get(ROUTES.health.path);
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'healthy',
      checks: expect.objectContaining({ broker: 'healthy', database: 'healthy' }),
      metrics: expect.objectContaining({ uptime_seconds: expect.any(Number), memory_used_mb: expect.any(Number) }),
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  it('ORC-085 a robot’s token reports tasks and does nothing else', async () => {
    const path = '/api/v1/robots/RB-guard/credentials';
    const { status, body } = await admins[0]!.post(path, { transport: 'http', entity_id: orchestrator.entityId });
    expect(status).toBe(201);
    const robot = new Api(platform.urls[1]!, body.token);
    for (const [method, route] of [
      ['GET', ROUTES.orchestratorsSyncFull.path],
      ['GET', ROUTES.orchestratorsSyncDelta.path],
      ['POST', ROUTES.firmwaresUpload.path],
      ['POST', ROUTES.orchestratorsHeartbeat.path],
      ['POST', ROUTES.entitiesCreate.path],
    ] as const) {
      const answer = await robot.send<any>(method, route, { ...(method === 'POST' && { body: {} }) });
      expect([route, answer.status, answer.body.error.code]).toEqual([route, 403, 'ACCESS_DENIED']);
    }
    const report = await robot.post<any>(ROUTES.orchestratorsTaskStatus.path, {});
    expect([report.status, report.body.error.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect((await admins[0]!.delete(path)).status).toBe(204);
    const ended = (): Promise<boolean> => robot.get(ROUTES.me.path).then((answer) => answer.status === 401);
    expect(await waitFor(ended)).toBe(true);
  });

  it('ORC-114 a gateway without beacons is degraded, and apps without their database are unhealthy', async () => {
    await platform.kill('beacons');
    const degraded = await waitFor(async () => {
      const answer = await admins[0]!.get(ROUTES.health.path);
      return answer.body.status !== 'healthy' && answer;
    });
    expect(degraded).toMatchObject({
      status: 200,
      body: { status: 'degraded', checks: { beacons_service: 'degraded' } },
    });
    await platform.restart('beacons');
    await platform.kill('postgres');
    for (const app of ['orchestrators', 'beacons']) {
      const url = urlOf(app);
      const unhealthy = await waitFor(async () => {
        const answer = await new Api(url).get(ROUTES.health.path);
        return answer.status === 503 && answer;
      });
      expect(unhealthy.body).toMatchObject({ status: 'unhealthy', checks: { database: 'unhealthy' } });
    }
    await platform.restart('postgres');
    const url = urlOf('orchestrators');
    expect(await waitFor(async () => (await new Api(url).get(ROUTES.health.path)).body.status === 'healthy')).toBe(
      true,
    );
  }, 60_000);
});
