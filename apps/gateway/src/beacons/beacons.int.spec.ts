import { BEACONS_REQUESTS } from '#libs/contracts';
import type { Api } from '../../../../test/support/api.js';
import { BeaconDevice } from '../../../../test/support/beacon-device.js';
import { createMall, MallOrchestrator, newDeviceKeys } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: MallStage;
let admin: Api;
let operator: Api;
let viewer: Api;
let orchestrator: MallOrchestrator;
let entityId: string;

beforeAll(async () => {
  stage = await MallStage.open({ BEACONS_PER_ENTITY: '30' });
  [admin, operator, viewer] = await Promise.all([stage.as('admin'), stage.as('operator'), stage.as('viewer')]);
  orchestrator = await MallOrchestrator.ofNewMall(admin);
  entityId = orchestrator.entityId;
}, 120_000);

afterAll(() => stage.close());

const devices = (): string => `/api/v1/entities/${entityId}/beacon-devices`;
const newBeacon = async (): Promise<BeaconDevice> => {
  const beacon = new BeaconDevice(entityId, orchestrator);
  expect((await beacon.register()).status).toBe(200);
  return beacon;
};
const shown = async (beacon: BeaconDevice): Promise<any> => (await viewer.get(`${devices()}/${beacon.beaconId}`)).body;

describe('registration of beacons', () => {
  it('ORC-058 ORC-059 registers the sample and answers the same beacon_id for the same device', async () => {
    const beacon = new BeaconDevice(entityId, orchestrator);
    const { status, body } = await beacon.register();
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        beacon_id: expect.stringMatching(/^beacon-[0-9a-f]{12}$/),
        entity_id: entityId,
        approved: true,
        sync_interval_seconds: 3_600,
        firmware_update_available: false,
        latest_firmware: null,
      },
    });
    const again = await beacon.register({ firmware_version: '0.2.0', device_id: beacon.deviceId.toUpperCase() });
    expect(again.body).toEqual(body);
    expect(await shown(beacon)).toMatchObject({
      device_id: beacon.deviceId,
      device_type: 'turnstile',
      capabilities: ['unlock_gate', 'environmental_data'],
      firmware_version: '0.2.0',
      hardware_revision: 'esp32c3-rev3',
      location: { area_id: 'area-gate-1', coordinates: { x: 50, y: 50, z: 1.5, floor: 'L1' } },
      registered_at: '2026-01-08T10:00:00.000Z',
      presence: 'unknown',
    });
  });

  it('ORC-058 a device that is drawn on the map has the id of its record, by device_id or mac', async () => {
    const records = `/api/v1/entities/${entityId}/beacons`;
    for (const [id, field] of [
      ['beacon-gate-5', 'device_id'],
      ['beacon-gate-6', 'mac'],
    ] as const) {
      const beacon = new BeaconDevice(entityId, orchestrator);
      const value = field === 'mac' ? beacon.deviceId.toUpperCase().match(/../g)!.join(':') : beacon.deviceId;
      expect((await admin.post(records, { id, name: id, [field]: value })).status).toBe(201);
      expect((await beacon.register()).body.beacon_id).toBe(id);
    }
  });

  it('ORC-058 many registrations of one device at once make one beacon', async () => {
    await stage.add('beacons').then(async (second) => {
      const beacon = new BeaconDevice(entityId, orchestrator);
      const answers = await Promise.all(Array.from({ length: 12 }, () => beacon.register()));
      expect(new Set(answers.map(({ body }) => body.beacon_id)).size).toBe(1);
      expect(
        await stage.query(`SELECT 1 FROM "beacons"."devices" WHERE "deviceId" = $1`, [beacon.deviceId]),
      ).toHaveLength(1);
      await stage.stop(second);
    });
  });

  it('C36 another key has to be approved: heartbeats are 403 and the old key stays pinned until then', async () => {
    const beacon = await newBeacon();
    const old = beacon.keys;
    beacon.keys = newDeviceKeys();
    expect((await beacon.register()).body).toMatchObject({ beacon_id: beacon.beaconId, approved: false });
    expect(await beacon.heartbeat()).toMatchObject({ status: 403, body: { error: { code: 'BEACON_NOT_APPROVED' } } });
    expect(await shown(beacon)).toMatchObject({
      key_change_pending: true,
      public_key: old.pem,
      pending_public_key: beacon.keys.pem,
    });
    const approve = `${devices()}/${beacon.beaconId}/approve`;
    expect((await operator.post(approve)).status).toBe(403);
    expect(await admin.post(approve)).toMatchObject({
      status: 200,
      body: { approved: true, public_key: beacon.keys.pem },
    });
    expect((await beacon.heartbeat()).status).toBe(200);
    await waitFor(() =>
      stage
        .eventsOf(entityId, 'beacon.updated')
        .some(({ body }) => body['beacon_id'] === beacon.beaconId && body['approved'] === true),
    );
  });

  it('C36 an approval that is taken back shuts a beacon out, whatever it registers, until it is given again', async () => {
    const beacon = await newBeacon();
    const withdraw = `${devices()}/${beacon.beaconId}/withdraw`;
    expect((await operator.post(withdraw)).status).toBe(403);
    expect(await admin.post(withdraw)).toMatchObject({ status: 200, body: { approved: false } });
    const refused = { status: 403, body: { error: { code: 'BEACON_NOT_APPROVED' } } };
    expect(await beacon.heartbeat()).toMatchObject(refused);
    expect((await beacon.register()).body).toMatchObject({ beacon_id: beacon.beaconId, approved: false });
    expect(await beacon.heartbeat()).toMatchObject(refused);
    await admin.post(`${devices()}/${beacon.beaconId}/approve`);
    expect((await beacon.heartbeat()).status).toBe(200);
    await waitFor(() => {
      const told = stage
        .eventsOf(entityId, 'beacon.updated')
        .filter(({ body }) => body['beacon_id'] === beacon.beaconId);
      return told.map(({ body }) => body['approved']).join() === 'true,false,true';
    });
    expect((await admin.post(`${devices()}/nobody/withdraw`)).body.error?.code).toBe('BEACON_NOT_REGISTERED');
  });

  it.each<[string, Record<string, unknown>]>([
    ['device_id', { device_id: 'not hex' }],
    ['device_id', { device_id: 'abc' }],
    ['device_type', { device_type: 5 }],
    ['capabilities', { capabilities: 'unlock_gate' }],
    ['public_key', { public_key: 'nonsense' }],
    ['public_key', { public_key: newDeviceKeys('P-384').pem }],
    ['public_key', { public_key: String(newDeviceKeys().privateKey.export({ type: 'pkcs8', format: 'pem' })) }],
    ['firmware_version', { firmware_version: null }],
    ['location.coordinates.x', { location: { coordinates: { x: 'left' } } }],
    ['registered_at', { registered_at: 'yesterday' }],
  ])('ORC-058 refuses a wrong %s', async (field, more) => {
    const { status, body } = await new BeaconDevice(entityId, orchestrator).register(more);
    expect([status, body.error?.details.fields[0].field]).toEqual([400, field]);
  });

  it('C42 an orchestrator registers beacons of its own entity alone', async () => {
    const other = await createMall(admin);
    const answer = await new BeaconDevice(other.entityId, orchestrator).register();
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'ENTITY_ACCESS_DENIED' } } });
  });

  it('ORC-121 an entity has a bound of beacons', async () => {
    const small = await MallOrchestrator.ofNewMall(admin);
    const register = () => new BeaconDevice(small.entityId, small).register();
    const answers = await Promise.all(Array.from({ length: 34 }, register));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(answers.find(({ status }) => status !== 200)).toMatchObject({
      status: 409,
      body: { error: { code: 'BEACON_LIMIT_REACHED' } },
    });
  });

  it('ORC-121 a beacon that is removed frees its place, is told of, and may come back as a new one', async () => {
    const small = await MallOrchestrator.ofNewMall(admin);
    const beacons = Array.from({ length: 30 }, () => new BeaconDevice(small.entityId, small));
    for (const beacon of beacons) expect((await beacon.register()).status).toBe(200);
    const [old] = beacons as [BeaconDevice];
    const path = `/api/v1/entities/${small.entityId}/beacon-devices/${old.beaconId}`;
    await admin.post(`${path}/commands`, { type: 'restart' });
    expect((await operator.delete(path)).status).toBe(403);
    expect((await admin.delete(path)).status).toBe(204);
    expect((await admin.delete(path)).body.error?.code).toBe('BEACON_NOT_REGISTERED');
    expect(await old.heartbeat()).toMatchObject({ status: 404, body: { error: { code: 'BEACON_NOT_REGISTERED' } } });
    const heard = { entity_id: small.entityId, beacon_id: old.beaconId };
    const [told] = await waitFor(() => {
      const removed = stage.eventsOf(small.entityId, 'beacon.removed');
      return removed.length > 0 && removed;
    });
    expect(told?.body).toMatchObject(heard);
    expect((await old.register()).body).toMatchObject({ approved: true });
    expect((await old.heartbeat()).body).toMatchObject({ commands: [] });
    expect((await new BeaconDevice(small.entityId, small).register()).status).toBe(409);
  });
});

describe('heartbeats of beacons', () => {
  it('ORC-060 ORC-061 takes the sample, moves last-seen, and shows the metrics in the fleet', async () => {
    const beacon = await newBeacon();
    expect(await beacon.heartbeat()).toMatchObject({
      status: 200,
      body: { acknowledged: true, next_heartbeat_seconds: 3_600, commands: [] },
    });
    const first = await shown(beacon);
    expect(first).toMatchObject({
      presence: 'online',
      status: 'online',
      battery_percent: null,
      uptime_seconds: 86_400,
      metrics: {
        unlock_attempts_24h: 120,
        successful_unlocks_24h: 118,
        failed_unlocks_24h: 2,
        temperature_celsius: 28.5,
        humidity_percent: 65,
        free_heap_bytes: 102_400,
      },
    });
    await waitFor(async () => {
      await beacon.heartbeat({ battery_percent: 81.5 });
      return (await shown(beacon)).last_seen_at > first.last_seen_at;
    });
    expect((await shown(beacon)).battery_percent).toBe(81.5);
    await waitFor(() =>
      stage.eventsOf(entityId, 'beacon.presence.updated').some(({ body }) => body['beacon_id'] === beacon.beaconId),
    );
  });

  it('ORC-060 the newest timestamp wins, and a clock that is ahead does not stay ahead', async () => {
    const beacon = await newBeacon();
    await beacon.heartbeat({ status: 'ahead', timestamp: '2099-01-01T00:00:00Z' });
    await beacon.heartbeat({ status: 'newest' });
    await beacon.heartbeat({ status: 'late', timestamp: '2025-01-08T11:00:00Z' });
    expect(await shown(beacon)).toMatchObject({ status: 'newest' });
  });

  it('ORC-062 a queued command is in the next answer, again in that of a repeat, and gone after a newer heartbeat', async () => {
    const beacon = await newBeacon();
    const order = { type: 'firmware_update', firmware_id: 'fw-beacon-v021', priority: 'low' };
    const queued = await operator.post(`${devices()}/${beacon.beaconId}/commands`, order);
    expect(queued).toMatchObject({ status: 202, body: { command: order, sent_at: null } });
    const timestamp = new Date().toISOString();
    const expected = [{ ...order, command_id: queued.body.command_id }];
    expect((await beacon.heartbeat({ timestamp })).body.commands).toEqual(expected);
    expect((await beacon.heartbeat({ timestamp })).body.commands).toEqual(expected);
    expect((await shown(beacon)).commands).toHaveLength(1);
    const later = new Date(Date.parse(timestamp) + 1).toISOString();
    expect((await beacon.heartbeat({ timestamp: later })).body.commands).toEqual([]);
    expect((await shown(beacon)).commands).toEqual([]);
  });

  it('ORC-062 a command that expired is not carried, and the queue of a beacon is bounded', async () => {
    const beacon = await newBeacon();
    const commands = `${devices()}/${beacon.beaconId}/commands`;
    await operator.post(commands, { type: 'restart', expires_in_seconds: 1 });
    await waitFor(async () => (await shown(beacon)).commands.length === 0);
    expect((await beacon.heartbeat()).body.commands).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 110 }, () => operator.post(commands, { type: 'resync' })));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(100);
    expect((await beacon.heartbeat()).body.commands).toHaveLength(20);
    expect((await operator.post(commands, { type: 'firmware_update' })).status).toBe(400);
    expect((await viewer.post(commands, { type: 'resync' })).status).toBe(403);
  });

  it('ORC-062 the same idempotency key queues one command, even when its answer was lost', async () => {
    const beacon = await newBeacon();
    const order = { entity_id: entityId, beacon_id: beacon.beaconId, command: { type: 'resync' }, by: 'user:1' };
    const ask = () => stage.ask(BEACONS_REQUESTS.command, { ...order, idempotency_key: 'k-1' });
    const [first, second] = [await ask(), await ask()];
    expect(second.command_id).toBe(first.command_id);
    expect((await shown(beacon)).commands).toHaveLength(1);
  });

  it('ORC-065 heartbeat and access logs of an unknown beacon are BEACON_NOT_REGISTERED', async () => {
    const stranger = new BeaconDevice(entityId, orchestrator);
    stranger.beaconId = 'beacon-nobody';
    for (const answer of [await stranger.heartbeat(), await stranger.upload(stranger.batch('b-1'))]) {
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'BEACON_NOT_REGISTERED' } } });
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['beacon_id', { beacon_id: 'a.b' }],
    ['status', { status: '' }],
    ['battery_percent', { battery_percent: 101 }],
    ['metrics.humidity_percent', { metrics: { humidity_percent: 'wet' } }],
    ['timestamp', { timestamp: 'now' }],
    ['timestamp', { timestamp: undefined }],
    ['uptime_seconds', { uptime_seconds: -1 }],
  ])('ORC-060 refuses a wrong %s: %j', async (field, more) => {
    const beacon = new BeaconDevice(entityId, orchestrator);
    beacon.beaconId = 'beacon-x';
    const { status, body } = await beacon.heartbeat(more);
    expect([status, body.error?.details.fields[0].field]).toEqual([400, field]);
  });
});

describe('the fleet of beacons', () => {
  it('ORC-129 is listed page by page with versions, last seen and filters', async () => {
    const mall = await MallOrchestrator.ofNewMall(admin);
    const beacons = Array.from({ length: 5 }, () => new BeaconDevice(mall.entityId, mall));
    for (const beacon of beacons) await beacon.register();
    await beacons[0]!.heartbeat({ firmware_version: '0.3.0' });
    const list = `/api/v1/entities/${mall.entityId}/beacon-devices`;
    const first = await viewer.get(`${list}?limit=2`);
    expect(first.headers.get('x-total-count')).toBe('5');
    const ids: string[] = first.body.map((each: any) => each.beacon_id);
    for (let next = first.headers.get('x-next-cursor'); next !== null;) {
      const page = await viewer.get(`${list}?limit=2&after=${next}`);
      ids.push(...page.body.map((each: any) => each.beacon_id));
      next = page.headers.get('x-next-cursor');
    }
    expect(ids).toEqual(beacons.map(({ beaconId }) => beaconId).sort());
    const idsBy = async (query: string): Promise<string[]> =>
      (await viewer.get(`${list}?${query}`)).body.map((each: any) => each.beacon_id);
    expect(await idsBy('presence=online')).toEqual([beacons[0]!.beaconId]);
    expect(await idsBy('firmware_version=0.3.0')).toEqual([beacons[0]!.beaconId]);
    expect(await idsBy(`q=${beacons[1]!.deviceId.toUpperCase()}`)).toEqual([beacons[1]!.beaconId]);
    expect(await idsBy('approved=false')).toEqual([]);
    expect((await viewer.get(`${list}?approved=maybe`)).status).toBe(400);
    expect((await viewer.get(`${list}/beacon-nobody`)).status).toBe(404);
  });
});

it('C33 a queue of registrations, heartbeats and logs is taken in one upload, each with its result', async () => {
  const beacon = await newBeacon();
  const beat = { beacon_id: beacon.beaconId, status: 'online', timestamp: new Date().toISOString() };
  const items = [
    { id: 'r', type: 'beacon_register', body: beacon.registration() },
    { id: 'h', type: 'beacon_heartbeat', body: beat },
    { id: 'x', type: 'beacon_heartbeat', body: { ...beat, beacon_id: 'beacon-nobody' } },
    { id: 'l', type: 'access_logs', body: beacon.batch('queued') },
  ];
  const { body } = await orchestrator.post('/api/orchestrators/batch', { items });
  expect(body).toMatchObject({ accepted: 3, failed: 1 });
  expect(body.results.map(({ id, http_status }: any) => [id, http_status])).toEqual([
    ['r', 200],
    ['h', 200],
    ['x', 404],
    ['l', 200],
  ]);
  expect(body.results[3].body).toMatchObject({ stored: 2, duplicates: 0 });
});
