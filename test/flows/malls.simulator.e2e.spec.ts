import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../apps/simulator/src/clock.js';
import { GatewayClient } from '../../apps/simulator/src/enrolment/gateway.client.js';
import { silentLog } from '../../apps/simulator/src/log.js';
import { Mall } from '../../apps/simulator/src/mall/mall.js';
import { Api } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const PACE = {
  beaconHeartbeatMs: 1_000,
  visitMs: 100,
  flushLogsMs: 500,
  taskTickMs: 500,
  robotSpeedMps: 200,
  orderMs: 1_000,
};
const BEACONS = 10;
const ENTITY = '/api/v1/entities/mall-1';
const PATIENCE_MS = 60_000;
jest.setTimeout(120_000);

/** A whole mall, as the document says that a client behaves, against a whole platform. */
describe('a simulated mall', () => {
  let platform: TestPlatform;
  let admin: Api;
  let directory: string;
  let stopping: AbortController;
  let mall: Mall;
  let running: Promise<void>;

  const makeMall = (): Mall => {
    stopping = new AbortController();
    const { signal } = stopping;
    const { url, passwords } = platform;
    const gateway = new GatewayClient({ url, user: 'admin', password: () => passwords.admin, log: silentLog, signal });
    const parts = { url, entityId: 'mall-1', name: 'Mall 1', gateway, directory, beacons: BEACONS };
    return new Mall({ ...parts, seed: 1, failureRate: 0, pace: PACE, clock: systemClock, log: silentLog, signal });
  };
  const orchestrator = () => mall.orchestrator!;
  const until = (condition: () => unknown): Promise<unknown> => waitFor(condition, PATIENCE_MS);

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    directory = mkdtempSync(join(tmpdir(), 'muster-mall-'));
    mall = makeMall();
    running = mall.run();
    await until(() => mall.orchestrator?.stream.isConnected);
  }, 120_000);

  afterAll(async () => {
    stopping.abort();
    await running;
    await platform.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const globalSum = async (): Promise<string> => {
    const { body } = await admin.get(`${ENTITY}/events?limit=50`);
    return body.events.find(({ event }: any) => event === 'data_update')?.data.checksum;
  };

  it('ORC-001 ORC-029 registers, syncs and is online without a port that anybody outside could reach', async () => {
    await until(async () => (await admin.get(`${ENTITY}/orchestrator`)).body.presence === 'online');
    const { body } = await admin.get(`${ENTITY}/orchestrator`);
    expect(body).toMatchObject({ initial_sync_required: false, is_active: true });
    expect(orchestrator().sync.cache.list('beacons')).toHaveLength(BEACONS);
    await until(async () => (await admin.get(`${ENTITY}/beacon-devices`)).body.length === BEACONS);
  });

  it('ORC-016 follows a change by a delta until its checksum is the event’s, and acknowledges', async () => {
    await admin.put(`${ENTITY}/areas/area-1`, { name: 'Food Court' });
    await until(() => orchestrator().sync.cache.get('areas', 'area-1')?.['name'] === 'Food Court');
    await until(async () => orchestrator().sync.cache.checksums().global === (await globalSum()));
    await until(async () => {
      const { body } = await admin.get(`${ENTITY}/events?limit=50`);
      return body.events.find(({ event }: any) => event === 'data_update')?.acks[0]?.status === 'applied';
    });
  });

  it('ORC-025 applies a configuration, acknowledges it, and ignores what is older', async () => {
    const config = {
      min_battery_threshold: 25,
      max_distance_meters: 500,
      priority_weights: { distance: 0.6, battery: 0.3, queue_length: 0.1 },
    };
    await admin.put(`${ENTITY}/config`, { type: 'robot_selection_params', config });
    await until(async () => {
      const { body } = await admin.get(`${ENTITY}/config`);
      const [first] = Array.isArray(body) ? body : (body.configs ?? body.configurations);
      return first.acknowledgement?.status === 'applied';
    });
  });

  it('ORC-021 carries out what shoppers order', async () => {
    await until(async () => {
      const { body } = await admin.get('/api/tasks?entity_id=mall-1&status=completed');
      return body.length > 0;
    });
    const { body } = await admin.get('/api/tasks?entity_id=mall-1&status=completed');
    expect(body[0]).toMatchObject({ robot_id: expect.stringMatching(/^mall-1-robot-/), progress_percent: 100 });
  });

  it('ORC-023 ORC-092 uploads access logs encrypted, and what is asked for', async () => {
    await until(async () => (await admin.get(`${ENTITY}/access-logs?limit=5`)).body.length === 5);
    const beaconId = (await admin.get(`${ENTITY}/access-logs?limit=1`)).body[0].beacon_id;
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const asked = await admin.post(`${ENTITY}/access-log-requests`, { beacon_id: beaconId, since });
    expect(asked.status).toBe(201);
    const path = `${ENTITY}/access-log-requests/${asked.body.request_id}`;
    await until(async () => (await admin.get(path)).body.status === 'fulfilled');
  });

  it('ORC-019 ORC-044 shelves a firmware, updates its beacons by groups, and reports', async () => {
    const bytes = randomBytes(300_000);
    const form = new FormData();
    for (const [name, value] of Object.entries({ version: '0.2.0', target: 'esp32c3', rollout_strategy: 'canary' })) {
      form.set(name, value);
    }
    form.set('file', new Blob([bytes]), 'beacon.bin');
    const headers = { authorization: `Bearer ${admin.token}` };
    const response = await fetch(`${platform.url}/api/firmwares/upload`, { method: 'POST', headers, body: form });
    expect(response.status).toBeLessThan(300);
    await until(() => orchestrator().shelf.find('fw-beacon-v020'));
    const local = await fetch(`${orchestrator().localUrl}/firmwares/fw-beacon-v020/download`);
    const sum = createHash('sha256')
      .update(Buffer.from(await local.arrayBuffer()))
      .digest('hex');
    expect(sum).toBe(createHash('sha256').update(bytes).digest('hex'));
    await until(async () => (await admin.get('/api/v1/rollouts')).body[0].status === 'finished');
    const { body } = await admin.get(`${ENTITY}/beacon-devices?firmware_version=0.2.0`);
    expect(body).toHaveLength(BEACONS);
  });

  it('ORC-058 introduces a beacon anew that was removed', async () => {
    const { body: devices } = await admin.get(`${ENTITY}/beacon-devices`);
    const { beacon_id, registered_at } = devices[0];
    expect((await admin.delete(`${ENTITY}/beacon-devices/${beacon_id}`)).status).toBe(204);
    await until(async () => {
      const { status, body } = await admin.get(`${ENTITY}/beacon-devices/${beacon_id}`);
      return status === 200 && body.presence === 'online' && body.registered_at !== registered_at;
    });
  });

  it('ORC-110 ORC-113 shows health and metrics in the mall, and no route for phones', async () => {
    const url = orchestrator().localUrl;
    const health = (await (await fetch(`${url}/health`)).json()) as any;
    expect(health).toMatchObject({ status: 'healthy', metrics: { connected_robots: 5 } });
    expect(Object.keys(health.checks)).toEqual([
      'central_server_connection',
      'local_cache',
      'grpc_server',
      'tower_connection',
      'disk_space',
    ]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const family of [
      'orchestrator_connection_uptime_percent',
      'orchestrator_event_processing_seconds{quantile="0.99"}',
      'orchestrator_sync_duration_seconds',
      'orchestrator_firmware_cache_hit_rate',
      'orchestrator_task_assignment_success_rate',
    ]) {
      expect(metrics).toContain(family);
    }
    expect((await fetch(`${url}/api/tasks`)).status).toBe(404);
  });

  it('ORC-090 has nothing on its disk that can be read', () => {
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.sealed')) continue;
      expect(readFileSync(join(directory, name)).includes('area-1')).toBe(false);
    }
    expect(existsSync(join(directory, 'cache.sealed'))).toBe(true);
  });

  it('ORC-077 goes on alone while the platform is dead, and loses nothing of it', async () => {
    await platform.kill('all-in-one');
    const assigned = orchestrator().desk.counts.completed;
    await until(() => orchestrator().desk.counts.completed > assigned || orchestrator().desk.activeCount === 0);
    expect((await fetch(`${orchestrator().localUrl}/firmwares/fw-beacon-v020/download`)).status).toBe(200);
    expect(orchestrator().sync.cache.get('areas', 'area-1')?.['name']).toBe('Food Court');
    await until(() => orchestrator().queue.size > 3);
    await platform.restart('all-in-one');
    await until(() => orchestrator().queue.size === 0);
    await until(() => orchestrator().stream.isConnected);
  });

  it('ORC-076 starts again from its disk, and syncs anew when it is told to', async () => {
    stopping.abort();
    await running;
    const before = orchestrator();
    mall = makeMall();
    running = mall.run();
    await until(() => mall.orchestrator?.stream.isConnected);
    expect(orchestrator()).not.toBe(before);
    expect(orchestrator().sync.cache.count).toBe(before.sync.cache.count);
    await orchestrator().sync.full('resync_required');
    expect(orchestrator().sync.cache.checksums().global).toBe(before.sync.cache.checksums().global);
  });
});
