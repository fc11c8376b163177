import { Api } from '../support/api.js';
import { BeaconDevice } from '../support/beacon-device.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { SseClient } from '../support/event-stream.js';

describe('beacons of a mall end to end', () => {
  let platform: TestPlatform;
  let operator: Api;
  let orchestrator: MallOrchestrator;
  let events: SseClient;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    const admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    operator = await Api.login(platform.url, 'operator', platform.passwords.operator);
    orchestrator = await MallOrchestrator.ofNewMall(admin);
    events = await SseClient.open(platform.url, { token: orchestrator.token });
  }, 120_000);

  afterAll(async () => {
    events.close();
    await platform.stop();
  });

  it('ORC-022 ORC-023 ORC-058 ORC-060 ORC-063 registers, reports, is asked for logs and delivers them', async () => {
    const { entityId } = orchestrator;
    const beacon = new BeaconDevice(entityId, orchestrator);
    expect((await beacon.register()).body).toMatchObject({ entity_id: entityId, approved: true });
    expect((await beacon.heartbeat()).body).toMatchObject({ acknowledged: true, commands: [] });
    const base = `/api/v1/entities/${entityId}`;
    const asked = await operator.post(`${base}/access-log-requests`, {
      beacon_id: beacon.beaconId,
      since: '2026-01-08T00:00:00Z',
    });
    const event = await events.received.next('access_log_request');
    expect(event.data).toEqual({
      beacon_id: beacon.beaconId,
      since: '2026-01-08T00:00:00.000Z',
      request_id: asked.body.request_id,
    });
    const batch = { ...beacon.batch('batch-001'), request_id: asked.body.request_id };
    expect((await beacon.upload(batch, '/api/orchestrators/logs/upload')).body).toMatchObject({
      stored: 2,
      duplicates: 0,
    });
    await platform.kill('all-in-one');
    await platform.restart('all-in-one');
    expect((await beacon.upload(batch, '/api/orchestrators/logs/upload')).body).toMatchObject({
      stored: 0,
      duplicates: 2,
    });
    expect((await operator.get(`${base}/access-log-requests/${asked.body.request_id}`)).body).toMatchObject({
      status: 'fulfilled',
      stored: 2,
    });
    expect((await operator.get(`${base}/beacon-devices/${beacon.beaconId}`)).body).toMatchObject({
      presence: 'online',
      metrics: { humidity_percent: 65 },
    });
    const { body } = await beacon.prove(platform.url, (await beacon.challenge(platform.url)).body);
    expect((await beacon.heartbeat({}, new Api(platform.url, body.token))).status).toBe(200);
  });
});
