import type { Api } from '../../../../test/support/api.js';
import { publish } from '../../../../test/support/firmware.js';
import { MallOrchestrator, newDeviceKeys } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

const ROLLOUTS = '/api/v1/rollouts';
const BEACONS = 20;

let stage: MallStage;
let admin: Api;
let operator: Api;
let viewer: Api;
let orchestrator: MallOrchestrator;
const beaconIds: string[] = [];
/** Beacons that took the firmware say so in their heartbeats. */
const updated = new Set<string>();

beforeAll(async () => {
  stage = await MallStage.open();
  [admin, operator, viewer] = await Promise.all([stage.as('admin'), stage.as('operator'), stage.as('viewer')]);
  orchestrator = await MallOrchestrator.ofNewMall(admin);
  const { pem } = newDeviceKeys();
  for (let n = 0; n < BEACONS; n++) {
    const { body } = await orchestrator.post('/api/orchestrators/beacons/register', {
      entity_id: orchestrator.entityId,
      device_id: `aabbccddee${String(n).padStart(4, '0')}`,
      device_type: 'turnstile',
      capabilities: ['unlock_gate'],
      public_key: pem,
      firmware_version: '0.1.8',
      hardware_revision: 'esp32c3-rev3',
      location: { area_id: 'area-1', coordinates: { x: 1, y: 2, z: 0, floor: 'L1' } },
      registered_at: new Date().toISOString(),
    });
    beaconIds.push(body.beacon_id);
  }
}, 60_000);

afterAll(() => stage.close());

/** Beacons that a heartbeat tells to update now. */
async function offered(): Promise<string[]> {
  const answers = await Promise.all(
    beaconIds.map(async (beacon_id) => {
      const heartbeat = { beacon_id, status: 'online', uptime_seconds: 1, battery_percent: null, metrics: {} };
      const { body } = await orchestrator.post('/api/orchestrators/beacons/heartbeat', {
        ...heartbeat,
        entity_id: orchestrator.entityId,
        firmware_version: updated.has(beacon_id) ? '0.2.0' : '0.1.8',
        timestamp: new Date().toISOString(),
      });
      return body.commands.some(({ type }: any) => type === 'firmware_update') ? [beacon_id] : [];
    }),
  );
  return answers.flat();
}

async function report(beaconId: string, status: string, more: object = {}): Promise<void> {
  const answer = await orchestrator.post('/api/orchestrators/firmware/status', {
    entity_id: orchestrator.entityId,
    firmware_id: 'fw-beacon-v020',
    beacon_id: beaconId,
    status,
    previous_version: '0.1.8',
    new_version: '0.2.0',
    updated_at: new Date().toISOString(),
    duration_seconds: 45,
    error: null,
    ...more,
  });
  expect(answer.status).toBe(200);
  if (status === 'success') updated.add(beaconId);
}

const ofRelease = async (): Promise<any> => (await viewer.get(`${ROLLOUTS}?firmware_id=fw-beacon-v020`)).body[0];

describe('rollouts over REST', () => {
  it('ORC-051 offers a canary release to a subset until its success reports arrive', async () => {
    const { rollout_id } = await publish(admin, { version: '0.2.0', rollout_strategy: 'canary' });
    await waitFor(async () => (await ofRelease()).status === 'running');
    expect((await ofRelease()).rollout_id).toBe(rollout_id);
    const canaries = await offered();
    expect(canaries).toHaveLength(1);
    expect(await offered()).toEqual(canaries);
    await report(canaries[0]!, 'success');
    await waitFor(async () => (await ofRelease()).active_group === 2);
    expect(await offered()).toHaveLength(4);
  });

  it('ORC-050 halts on failures, shows them, and goes on when a person says so', async () => {
    const path = `${ROLLOUTS}/${(await ofRelease()).rollout_id}`;
    for (const beaconId of await offered()) await report(beaconId, 'rolled_back', { error: 'boot_failed' });
    await waitFor(async () => (await viewer.get(path)).body.status === 'halted');
    expect(await offered()).toEqual([]);
    const failed = (await viewer.get(`${path}/devices?state=rolled_back`)).body;
    expect(failed).toHaveLength(4);
    expect(failed[0]).toMatchObject({ group: 2, error: 'boot_failed', previous_version: '0.1.8' });
    expect((await operator.post(`${path}/pause`)).body.error.code).toBe('ROLLOUT_STATE_CONFLICT');
    expect((await operator.post(`${path}/retry`)).body).toMatchObject({ status: 'running', active_group: 2 });
    expect(await offered()).toHaveLength(4);
    expect((await operator.post(`${path}/abort`)).body).toMatchObject({ status: 'aborted', reason: 'by_person' });
    expect(await offered()).toEqual([]);
  });

  it('plans without doing, and starts a rollout of its own once for a key', async () => {
    const request = { firmware_id: 'fw-beacon-v020', plan: { groups: [50, 100], error_threshold: { count: 3 } } };
    const plan = await operator.post(`${ROLLOUTS}/dry-run`, request);
    expect(plan.body).toMatchObject({ total_devices: 19, left_out: { up_to_date: 1 } });
    expect(plan.body.groups).toEqual([
      { group: 1, percent: 50, devices: 10 },
      { group: 2, percent: 100, devices: 9 },
    ]);
    const keyed = { headers: { 'x-idempotency-key': 'once' } };
    const first = await operator.post(ROLLOUTS, request, keyed);
    const second = await operator.post(ROLLOUTS, request, keyed);
    expect([first.status, second.body.rollout_id]).toEqual([201, first.body.rollout_id]);
    expect((await operator.post(ROLLOUTS, request)).body.error.code).toBe('ROLLOUT_STATE_CONFLICT');
    await waitFor(async () => (await ofRelease()).status === 'running');
    expect(await offered()).toHaveLength(10);
  });

  it('refuses what makes no sense, and whoever may not', async () => {
    const bad = [
      {},
      { firmware_id: 5 },
      { firmware_id: 'fw-beacon-v020', plan: { groups: [50, 25, 100] } },
      { firmware_id: 'fw-beacon-v020', plan: { groups: [50] } },
      { firmware_id: 'fw-beacon-v020', plan: { groups: Array.from({ length: 501 }, (_, n) => n / 5.01) } },
      { firmware_id: 'fw-beacon-v020', plan: { error_threshold: { count: 1, percent: 2 } } },
      { firmware_id: 'fw-beacon-v020', plan: { success_threshold: 2 } },
      { firmware_id: 'fw-beacon-v020', entity_ids: ['a.b'] },
      { firmware_id: 'fw-beacon-v020', strategy: 'yolo' },
    ];
    for (const body of bad) {
      const { status, body: answer } = await operator.post(ROLLOUTS, body);
      expect({ body, status, code: answer.error.code }).toEqual({ body, status: 400, code: 'VALIDATION_FAILED' });
    }
    expect((await operator.post(ROLLOUTS, { firmware_id: 'fw-none' })).body.error.code).toBe('FIRMWARE_NOT_FOUND');
    expect((await viewer.get(`${ROLLOUTS}/rollout-none`)).body.error.code).toBe('ROLLOUT_NOT_FOUND');
    expect((await viewer.get(`${ROLLOUTS}/a%2Fb`)).status).toBe(404);
    expect((await viewer.get(`${ROLLOUTS}?after=xx`)).body.error.code).toBe('CURSOR_INVALID');
    expect((await viewer.post(ROLLOUTS, { firmware_id: 'fw-beacon-v020' })).status).toBe(403);
  });
});
