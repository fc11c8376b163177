import { Api } from '../support/api.js';
import { createMall, MallOrchestrator, newDeviceKeys, tryRegister } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

describe('an orchestrator of a mall', () => {
  let platform: TestPlatform;
  let admin: Api;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate', gateways: 2 });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
  }, 120_000);

  afterAll(() => platform.stop());

  const shown = async ({ entityId }: MallOrchestrator): Promise<Record<string, any>> =>
    (await admin.get(`/api/v1/entities/${entityId}/orchestrator`)).body;

  it('ORC-001 ORC-009 registers as the documents show it, and finds every endpoint that it is told', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin, { entityId: 'mall-a-uuid' });
    expect(orchestrator.assignedId).toBe('orch-mall-a-001');
    const { events, data_sync, firmware } = orchestrator.registration['sync_endpoints'];
    const { headers } = orchestrator;
    const stream = await fetch(events, { headers: { ...headers, accept: 'text/event-stream' } });
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    await stream.body?.cancel();
    const full = await fetch(`${data_sync}/full?entity_id=mall-a-uuid`, { headers });
    expect(full.status).toBe(200);
    await full.arrayBuffer();
    const latest = await fetch(`${firmware}/latest?target=esp32c3&device_type=beacon`, { headers });
    const code = ((await latest.json()) as any).error?.code;
    expect({ status: latest.status, code }).toEqual({ status: 404, code: 'FIRMWARE_NOT_FOUND' });
    await waitFor(async () => (await shown(orchestrator))['initial_sync_required'] === false);
  });

  it('ORC-002 stays online by heartbeats alone, at whichever gateway, over a crash of the service', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin, { body: { heartbeat_interval: 10 } });
    expect((await orchestrator.heartbeat()).status).toBe(200);
    await platform.kill('orchestrators');
    const away = await orchestrator.heartbeat();
    expect([503, 504]).toContain(away.status);
    await platform.restart('orchestrators');
    const elsewhere = new Api(platform.urls[1]!, orchestrator.token);
    const body = { orchestrator_id: orchestrator.assignedId, entity_id: orchestrator.entityId, status: 'healthy' };
    const answer = await waitFor(async () => {
      const tried = await elsewhere.post('/api/orchestrators/heartbeat', body);
      return tried.status === 200 && tried;
    }, 30_000);
    expect(answer.body).toMatchObject({ acknowledged: true, next_heartbeat_seconds: 10 });
    expect((await shown(orchestrator))['presence']).toBe('online');
  }, 60_000);

  it('a registration that is cut off by a crash succeeds when it is repeated, once', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const headers = { 'x-idempotency-key': crypto.randomUUID() };
    const first = tryRegister(platform.url, { ...mall, keys, headers });
    await platform.kill('orchestrators');
    await first.catch(() => undefined);
    await platform.restart('orchestrators');
    const { body } = await waitFor(async () => {
      const tried = await tryRegister(platform.urls[1]!, { ...mall, keys, headers });
      return tried.status === 200 && tried;
    }, 30_000);
    expect(body.token).toEqual(expect.any(String));
    const again = await tryRegister(platform.url, { ...mall, keys });
    expect(again.status).toBe(429);
  }, 60_000);

  it('C1 a reset is known to both gateways within seconds, and to the second one after a restart', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const statusAt = async (url: string): Promise<number> =>
      (await new Api(url, orchestrator.token).post('/api/orchestrators/heartbeat', {})).status;
    expect(await Promise.all(platform.urls.map(statusAt))).toEqual([400, 400]);
    await admin.post(`/api/v1/entities/${orchestrator.entityId}/orchestrator/reset`);
    expect(await statusAt(platform.urls[0]!)).toBe(401);
    await waitFor(async () => (await statusAt(platform.urls[1]!)) === 401, 5_000);
    await platform.restart('gateway-2');
    expect(await statusAt(platform.urls[1]!)).toBe(401);
  }, 60_000);
});
