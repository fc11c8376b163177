import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { FileBucket } from '#libs/jetstream';
import type { Api } from '../../../../test/support/api.js';
import { BeaconDevice } from '../../../../test/support/beacon-device.js';
import { binaryOf, download, publish, send, sha256 } from '../../../../test/support/firmware.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { Announcer } from './announcer.js';
import { FirmwareSweeper } from './firmware.sweeper.js';

let stage: MallStage;
let admin: Api;
let viewer: Api;
let mallA: MallOrchestrator;
let mallB: MallOrchestrator;
let broker: NatsConnection;

beforeAll(async () => {
  stage = await MallStage.open({ FIRMWARE_ORPHAN_AFTER_S: '3600', RATE_LIMIT_FIRMWARE_STATUS_PER_MINUTE: '100000' });
  [admin, viewer] = await Promise.all([stage.as('admin'), stage.as('viewer')]);
  broker = await stage.broker.connect('admin');
  mallA = await MallOrchestrator.ofNewMall(admin);
  mallB = await MallOrchestrator.ofNewMall(admin);
}, 120_000);

afterAll(async () => {
  await broker.close();
  await stage.close();
});

const asApi = ({ url, token }: MallOrchestrator): Api => ({ url, token }) as Api;
const upload = (mall: MallOrchestrator, fields: Record<string, string>, file?: Buffer<ArrayBuffer>) =>
  send<any>(asApi(mall), { path: '/api/orchestrators/firmware/cache', fields, ...(file ? { file } : {}) });
const bucket = (): FileBucket => stage.service('beacons').app.get(FileBucket, { strict: false });

/** Events that an entity's orchestrator got. */
async function eventsOf({ entityId }: MallOrchestrator): Promise<any[]> {
  const consumer = await jetstream(broker).consumers.get('ORCHESTRATOR_EVENTS', {
    filter_subjects: `orc.events.${entityId}`,
  });
  const { num_pending } = await consumer.info();
  const found: any[] = [];
  while (found.length < num_pending) found.push((await consumer.next({ expires: 2_000 }))?.json());
  return found.filter(({ event }) => event === 'firmware_update').map(({ data }) => data);
}

async function beaconOf(mall: MallOrchestrator, version = '0.1.8'): Promise<BeaconDevice> {
  const beacon = new BeaconDevice(mall.entityId, mall);
  expect((await beacon.register({ firmware_version: version })).status).toBe(200);
  return beacon;
}

const versionOf = async ({ beaconId }: BeaconDevice): Promise<string> =>
  (await viewer.get(`/api/v1/entities/${mallA.entityId}/beacon-devices/${beaconId}`)).body.firmware_version;

describe('an announcement', () => {
  it('ORC-018 reaches every entity once, with all fields as /latest has them', async () => {
    const release = await publish(admin, { version: '0.2.0', target: 'esp32', priority: 'high' }, binaryOf(524_288));
    await waitFor(async () => (await eventsOf(mallB)).length > 0);
    const { body } = await mallA.get('/api/firmware/latest?target=esp32');
    const expected = {
      type: 'beacon_firmware',
      target: 'esp32',
      version: '0.2.0',
      release_date: body.release_date,
      firmware_id: body.firmware_id,
      size_bytes: 524_288,
      checksum: body.checksum,
      download_url: body.download_url,
      fallback_url: body.fallback_url,
      priority: 'high',
      rollout_strategy: 'all',
    };
    expect(await eventsOf(mallA)).toEqual([expected]);
    expect(await eventsOf(mallB)).toEqual([expected]);
    await send(admin, { file: binaryOf(10), fields: { target: 'esp32', version: '0.2.0' } });
    const [row] = await stage.query(
      `SELECT "announcedTo", "doneAt" FROM "beacons"."firmware_announcements" WHERE "firmwareId" = $1`,
      [release.firmware_id],
    );
    expect(row).toEqual({ announcedTo: 2, doneAt: expect.any(Date) });
  });

  it('ORC-018 goes on where it stood, tells nobody twice, and leaves out who came later', async () => {
    const { firmware_id } = await publish(admin, { version: '0.2.1', target: 'esp32' });
    await waitFor(async () => (await eventsOf(mallB)).length === 2);
    const late = await MallOrchestrator.ofNewMall(admin);
    // As after a crash between a page's commit and the end: the same list once more.
    await stage.query(
      `UPDATE "beacons"."firmware_announcements" SET "doneAt" = NULL, "position" = NULL WHERE "firmwareId" = $1`,
      [firmware_id],
    );
    const announcer = stage.service('beacons').app.get(Announcer, { strict: false });
    while (await announcer.announce());
    await waitFor(async () => (await stage.query(`SELECT 1 FROM "beacons"."outbox"`)).length === 0);
    expect((await eventsOf(mallA)).map(({ version }) => version)).toEqual(['0.2.0', '0.2.1']);
    expect(await eventsOf(late)).toEqual([]);
  });

  it('names the rollout of a release that is not for all at once', async () => {
    const { rollout_id } = await publish(admin, { version: '0.1.0', target: 'esp32s3', rollout_strategy: 'canary' });
    expect(rollout_id).toEqual(expect.stringMatching(/^rollout-/));
    const event = await waitFor(async () => (await eventsOf(mallA)).find(({ target }) => target === 'esp32s3'));
    expect(event).toMatchObject({ rollout_strategy: 'canary', rollout_id });
  });
});

describe('a file that an orchestrator brings along', () => {
  const file = binaryOf(200_000);

  it('ORC-045 ORC-046 is kept for its entity alone', async () => {
    const { status, body } = await upload(mallA, { firmware_id: 'fw-usb-1', target: 'esp32c3' }, file);
    expect([status, body]).toEqual([200, { cached: true, firmware_id: 'fw-usb-1', expires_at: expect.any(String) }]);
    expect(Math.abs(Date.parse(body.expires_at) - Date.now() - 31 * 86_400_000)).toBeLessThan(60_000);
    const path = '/api/firmware/fw-usb-1/download';
    const own = await download(asApi(mallA), path);
    expect([own.status, sha256(own.bytes)]).toEqual([200, sha256(file)]);
    expect(own.headers.get('x-firmware-signature')).toBeNull();
    expect((await download(asApi(mallB), path)).status).toBe(404);
    expect((await download(viewer, path)).status).toBe(404);
    expect((await download(admin, path)).status).toBe(200);
    expect((await viewer.get('/api/firmwares?target=esp32c3')).body).toEqual([]);
  });

  it('is compared with what is known', async () => {
    const again = await upload(mallA, { firmware_id: 'fw-usb-1', target: 'esp32c3' }, file);
    expect(again.status).toBe(200);
    const other = await upload(mallA, { firmware_id: 'fw-usb-1', target: 'esp32c3' }, binaryOf(100));
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'FIRMWARE_HASH_MISMATCH' } } });
    // Another entity's file of the same name is its own affair.
    expect((await upload(mallB, { firmware_id: 'fw-usb-1', target: 'esp32c3' }, binaryOf(100))).status).toBe(200);
    const { firmware_id } = await publish(admin, { version: '7.0.0', target: 'esp32c5' }, file);
    expect((await upload(mallA, { firmware_id, target: 'esp32c5' }, file)).status).toBe(200);
    expect((await upload(mallA, { firmware_id, target: 'esp32c5' }, binaryOf(9))).status).toBe(409);
  });

  it('ORC-045 needs a file, and is of the token’s entity', async () => {
    expect((await upload(mallA, { firmware_id: 'fw-usb-2', target: 'esp32c3' })).status).toBe(400);
    expect((await upload(mallA, { target: 'esp32c3' }, binaryOf(10))).status).toBe(400);
    const foreign = { firmware_id: 'fw-usb-2', target: 'esp32c3', entity_id: mallB.entityId };
    expect(await upload(mallA, foreign, binaryOf(10))).toMatchObject({
      status: 403,
      body: { error: { code: 'ENTITY_ACCESS_DENIED' } },
    });
    expect((await send(viewer, { path: '/api/orchestrators/firmware/cache', file: binaryOf(10) })).status).toBe(403);
  });

  it('is for all once an administrator promotes it', async () => {
    const promoted = await admin.post('/api/firmwares/fw-usb-1/promote', {
      entity_id: mallA.entityId,
      version: '1.0.0',
      channel: 'beta',
    });
    expect(promoted).toMatchObject({
      status: 201,
      body: { firmware_id: 'fw-usb-1', version: '1.0.0', target: 'esp32c3', channel: 'beta', checksum: sha256(file) },
    });
    const { status, headers } = await download(asApi(mallB), '/api/firmware/fw-usb-1/download');
    expect([status, headers.get('x-firmware-checksum')]).toEqual([200, sha256(file)]);
    expect((await admin.post('/api/firmwares/fw-none/promote', { version: '1.0.0' })).status).toBe(404);
  });

  it('is forgotten when its time is over', async () => {
    await upload(mallA, { firmware_id: 'fw-usb-3', target: 'esp32c3' }, binaryOf(500));
    await stage.query(`UPDATE "beacons"."firmware_caches" SET "expiresAt" = now() WHERE "firmwareId" = 'fw-usb-3'`);
    expect((await download(asApi(mallA), '/api/firmware/fw-usb-3/download')).status).toBe(404);
  });
});

it('sweeps what no firmware names once it is old, and nothing else', async () => {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield binaryOf(700_000);
  }
  await bucket().put('upload-lost', bytes());
  const sweeper = stage.service('beacons').app.get(FirmwareSweeper, { strict: false });
  const names = async (): Promise<string[]> => (await bucket().list()).map(({ name }) => name);
  await sweeper.sweep();
  expect(await names()).toContain('upload-lost');
  Reflect.set(Reflect.get(sweeper, 'retention'), 'orphanAfterMs', -60_000);
  await sweeper.sweep();
  const rows = await stage.query<{ objectName: string }>(
    `SELECT "objectName" FROM "beacons"."firmware" UNION SELECT "objectName" FROM "beacons"."firmware_caches"`,
  );
  expect((await names()).toSorted()).toEqual(rows.map(({ objectName }) => objectName).toSorted());
});

describe('a report', () => {
  let firmwareId: string;
  const report = (beacon: BeaconDevice, more: Record<string, unknown> = {}) =>
    mallA.post('/api/orchestrators/firmware/status', {
      entity_id: mallA.entityId,
      firmware_id: firmwareId,
      rollout_id: 'rollout-001',
      beacon_id: beacon.beaconId,
      status: 'success',
      previous_version: '0.1.8',
      new_version: '0.2.0',
      updated_at: '2026-01-08T11:00:00Z',
      duration_seconds: 45,
      error: null,
      ...more,
    });

  beforeAll(async () => {
    ({ firmware_id: firmwareId } = await publish(admin, { version: '0.2.0' }));
  });

  it('ORC-047 of success sets what the beacon runs', async () => {
    const beacon = await beaconOf(mallA);
    expect(await report(beacon)).toMatchObject({
      status: 200,
      body: { acknowledged: true, beacon_id: beacon.beaconId },
    });
    expect(await versionOf(beacon)).toBe('0.2.0');
    await waitFor(() =>
      stage
        .eventsOf(mallA.entityId, 'beacon.updated')
        .some(({ body }) => body.firmware_version === '0.2.0' && body.beacon_id === beacon.beaconId),
    );
  });

  it('ORC-048 ORC-049 takes each status and each error, and no other', async () => {
    const beacon = await beaconOf(mallA);
    let second = 0;
    const at = (): string => new Date(Date.UTC(2026, 0, 8, 12, 0, second++)).toISOString();
    for (const status of ['downloading', 'verifying', 'installing', 'success', 'rolled_back']) {
      expect((await report(beacon, { status, updated_at: at() })).status).toBe(200);
    }
    const errors = [
      'download_failed',
      'checksum_mismatch',
      'insufficient_space',
      'incompatible_hardware',
      'boot_failed',
    ];
    for (const error of errors) {
      expect((await report(beacon, { status: 'failed', error, updated_at: at() })).status).toBe(200);
    }
    const named = { status: 'failed', error: { code: 'boot_failed', message: 'watchdog' }, updated_at: at() };
    expect((await report(beacon, named)).status).toBe(200);
    for (const wrong of [{ status: 'done' }, { status: 'failed', error: null }, { status: 'failed', error: 'tired' }]) {
      expect(await report(beacon, wrong)).toMatchObject({
        status: 400,
        body: { error: { code: 'VALIDATION_FAILED' } },
      });
    }
    const { body } = await viewer.get(`/api/firmwares/${firmwareId}/reports?beacon_id=${beacon.beaconId}`);
    expect(body.map(({ error }: { error: string }) => error).reverse()).toEqual([
      null,
      null,
      null,
      null,
      null,
      ...errors,
      'boot_failed',
    ]);
    expect(body[0]).toMatchObject({ error_message: 'watchdog', applied: true, entity_id: mallA.entityId });
  });

  it('ORC-050 ORC-127 of a firmware that was taken back keeps the version before', async () => {
    const beacon = await beaconOf(mallA);
    await report(beacon, { updated_at: '2026-01-08T11:00:00Z' });
    expect(await versionOf(beacon)).toBe('0.2.0');
    await report(beacon, {
      status: 'rolled_back',
      error: 'boot_failed',
      updated_at: '2026-01-08T11:01:00Z',
      previous_version: null,
    });
    expect(await versionOf(beacon)).toBe('0.1.8');
    const other = await beaconOf(mallA, '0.1.7');
    await report(other, { status: 'failed', error: 'boot_failed', previous_version: '0.1.7' });
    expect(await versionOf(other)).toBe('0.1.7');
  });

  it('that is repeated or late changes nothing', async () => {
    const beacon = await beaconOf(mallA);
    await report(beacon, { updated_at: '2026-01-08T11:00:05Z' });
    await report(beacon, { status: 'installing', updated_at: '2026-01-08T11:00:03Z' });
    await Promise.all(Array.from({ length: 5 }, () => report(beacon, { updated_at: '2026-01-08T11:00:05Z' })));
    const { body } = await viewer.get(`/api/firmwares/${firmwareId}/reports?beacon_id=${beacon.beaconId}`);
    expect(body.map(({ status, applied }: any) => [status, applied])).toEqual([
      ['installing', false],
      ['success', true],
    ]);
    expect(await versionOf(beacon)).toBe('0.2.0');
  });

  it('needs a beacon and a firmware that are known, and the own entity', async () => {
    const beacon = await beaconOf(mallA);
    const unknown = await report(beacon, { beacon_id: 'beacon-none' });
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'BEACON_NOT_REGISTERED' } } });
    const nothing = await report(beacon, { firmware_id: 'fw-none' });
    expect(nothing).toMatchObject({ status: 404, body: { error: { code: 'FIRMWARE_NOT_FOUND' } } });
    const foreign = await report(beacon, { entity_id: mallB.entityId });
    expect(foreign).toMatchObject({ status: 403, body: { error: { code: 'ENTITY_ACCESS_DENIED' } } });
  });

  it('may come in a batch', async () => {
    const beacon = await beaconOf(mallA);
    const { body } = await mallA.post('/api/orchestrators/batch', {
      items: [
        { type: 'firmware_status', body: { firmware_id: firmwareId, beacon_id: beacon.beaconId, status: 'success' } },
      ],
    });
    expect(JSON.stringify(body)).toContain(beacon.beaconId);
    expect(await versionOf(beacon)).toBe('0.2.0');
  });
});

it('ORC-059 ORC-040 offers a registering beacon what it may take', async () => {
  const newest = await publish(admin, {
    version: '0.4.0',
    compatible_hardware: 'esp32c3-rev3',
    min_previous_version: '0.3.0',
  });
  const step = await publish(admin, { version: '0.3.0' });
  const offered = async (more: Record<string, unknown>): Promise<any> =>
    (await new BeaconDevice(mallA.entityId, mallA).register(more)).body;
  const sees = (id: string): object => ({
    firmware_update_available: true,
    latest_firmware: { firmware_id: id, download_url: expect.stringMatching(`/firmwares/${id}/download$`) },
  });
  expect(await offered({ firmware_version: '0.1.8' })).toMatchObject(sees(step.firmware_id));
  expect(await offered({ firmware_version: '0.3.0' })).toMatchObject(sees(newest.firmware_id));
  for (const none of [
    { firmware_version: '0.4.0' },
    { firmware_version: '0.3.0', hardware_revision: 'esp32c3-rev1' },
  ]) {
    expect(await offered(none)).toMatchObject({ firmware_update_available: false, latest_firmware: null });
  }
});
