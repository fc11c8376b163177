import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Api } from '../support/api.js';
import { BeaconDevice } from '../support/beacon-device.js';
import { binaryOf, download, sha256 } from '../support/firmware.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const SCRIPT = resolve(import.meta.dirname, '../../dist/scripts/import-firmware.js');

/** A firmware from the importer's folder to a beacon and back, through two gateways and the services behind them. */
describe('the way of a firmware', () => {
  let platform: TestPlatform;
  let admin: Api;
  let viewer: Api;
  let mall: MallOrchestrator;
  let folder: string;
  const [first, second] = [binaryOf(300_000), binaryOf(524_288)];

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate', gateways: 2 });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    viewer = await Api.login(platform.url, 'viewer', platform.passwords.viewer);
    mall = await MallOrchestrator.ofNewMall(admin);
    folder = mkdtempSync(join(tmpdir(), 'muster-test-import-'));
    writeFileSync(join(folder, 'one.bin'), first);
    writeFileSync(join(folder, 'two.bin'), second);
    const manifest = [
      { file: 'one.bin', target: 'esp32c3', version: '0.1.5' },
      { file: 'two.bin', target: 'esp32c3', version: '0.2.0', min_previous_version: '0.1.5', changelog: ['Faster'] },
    ];
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  }, 120_000);

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await platform.stop();
  });

  const runImport = (): string =>
    execFileSync(process.execPath, [SCRIPT, platform.url, join(folder, 'manifest.json')], {
      env: { ...process.env, MUSTER_TOKEN: admin.token },
      encoding: 'utf8',
    });

  it('ORC-134 imports a folder of binaries, and finds them there the second time', async () => {
    expect(runImport()).toBe('one.bin: published\ntwo.bin: published\n');
    expect(runImport()).toBe('one.bin: is there already\ntwo.bin: is there already\n');
    const { body } = await mall.get('/api/firmware/latest?target=esp32c3&device_type=beacon&channel=stable');
    expect(body).toMatchObject({ version: '0.2.0', checksum: sha256(second), changelog: ['Faster'] });
  });

  it('ORC-003 ORC-127 updates a beacon step by step, by either gateway, and takes the last step back', async () => {
    const beacon = new BeaconDevice(mall.entityId, mall);
    let offer = (await beacon.register({ firmware_version: '0.1.2' })).body.latest_firmware;
    const report = (version: string, more: object = {}) =>
      mall.post('/api/orchestrators/firmware/status', {
        firmware_id: offer.firmware_id,
        beacon_id: beacon.beaconId,
        status: 'success',
        new_version: version,
        updated_at: new Date().toISOString(),
        ...more,
      });
    for (const [version, file] of [
      ['0.1.5', first],
      ['0.2.0', second],
    ] as const) {
      expect(offer.version).toBe(version);
      for (const url of platform.urls) {
        const { bytes } = await download(new Api(url, mall.token), `/api/firmware/${offer.firmware_id}/download`);
        expect(sha256(bytes)).toBe(sha256(file));
      }
      expect((await report(version)).status).toBe(200);
      const next = (await beacon.register({ firmware_version: version })).body.latest_firmware;
      if (next === null) break;
      offer = next;
    }
    await report('0.2.0', { status: 'rolled_back', previous_version: '0.1.5', error: 'boot_failed' });
    const { body } = await viewer.get(`/api/v1/entities/${mall.entityId}/beacon-devices/${beacon.beaconId}`);
    expect(body.firmware_version).toBe('0.1.5');
  });

  it('goes on after the service and a gateway were killed in the middle of an upload', async () => {
    const slow = new ReadableStream<Uint8Array>({
      async start(controller) {
        const text = '--b\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\n';
        controller.enqueue(new TextEncoder().encode(text));
        controller.enqueue(binaryOf(2_000_000));
        await platform.kill('beacons');
        await platform.kill('gateway-2');
        controller.error(new Error('cut off'));
      },
    });
    const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'multipart/form-data; boundary=b' };
    const init = { method: 'POST', headers, body: slow, duplex: 'half' };
    await expect(fetch(`${platform.urls[1]}/api/firmwares/upload`, init as RequestInit)).rejects.toMatchObject({
      name: 'TypeError',
    });
    await platform.restart('beacons');
    await platform.restart('gateway-2');
    const list = await waitFor(async () => {
      const answer = await viewer.get<{ version: string }[]>('/api/firmwares?target=esp32c3');
      return answer.status === 200 && answer.body;
    });
    expect(list.map(({ version }) => version)).toEqual(['0.2.0', '0.1.5']);
    const latest = await download(new Api(platform.urls[1]!, mall.token), '/api/firmware/fw-beacon-v020/download');
    expect(sha256(latest.bytes)).toBe(sha256(second));
  }, 60_000);
});
