import type { Api } from '../../../../../test/support/api.js';
import { BeaconDevice } from '../../../../../test/support/beacon-device.js';
import { MallOrchestrator } from '../../../../../test/support/mall.js';
import { MallStage } from '../../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../../test/support/wait.js';

let stage: MallStage;
let admin: Api;
let orchestrator: MallOrchestrator;

beforeAll(async () => {
  stage = await MallStage.open({ BEACON_HEARTBEAT_SECONDS: '1' });
  admin = await stage.as('admin');
  orchestrator = await MallOrchestrator.ofNewMall(admin);
}, 120_000);

afterAll(() => stage.close());

const pathOf = (beacon: BeaconDevice): string[] =>
  stage
    .eventsOf(beacon.entityId, 'beacon.presence.updated')
    .filter(({ body }) => body['beacon_id'] === beacon.beaconId)
    .map(({ body }) => `${body['previous']}>${body['presence']}`);

describe('presence of beacons', () => {
  it('a silent beacon goes offline after 2.5 intervals and comes back, each told once by two replicas', async () => {
    const second = await stage.add('beacons');
    const beacons = Array.from({ length: 20 }, () => new BeaconDevice(orchestrator.entityId, orchestrator));
    for (const beacon of beacons) await beacon.register();
    await Promise.all(beacons.map((beacon) => beacon.heartbeat()));
    await waitFor(() => beacons.every((beacon) => pathOf(beacon).at(-1) === 'online>offline'));
    await Promise.all(beacons.map((beacon) => beacon.heartbeat()));
    await waitFor(() => beacons.every((beacon) => pathOf(beacon).at(-1) === 'offline>online'));
    for (const beacon of beacons)
      expect(pathOf(beacon)).toEqual(['unknown>online', 'online>offline', 'offline>online']);
    const [event] = stage
      .eventsOf(orchestrator.entityId, 'beacon.presence.updated')
      .filter(({ body }) => body['presence'] === 'offline');
    expect(Date.parse(event!.body['at']) - Date.parse(event!.body['last_seen_at'])).toBeGreaterThanOrEqual(2_500);
    await stage.stop(second);
  });

  it('while nobody could hear them no beacon goes offline: silence begins to count anew', async () => {
    const beacon = new BeaconDevice(orchestrator.entityId, orchestrator);
    await beacon.register();
    await beacon.heartbeat();
    await stage.stop(stage.service('gateway'));
    await stage.query(
      `UPDATE "beacons"."hearing" SET "since" = now() - interval '1 day', "until" = now() - interval '1 hour'`,
    );
    await stage.query(
      `UPDATE "beacons"."devices" SET "presence" = 'online', "lastSeenAt" = now() - interval '1 hour'
       WHERE "beaconId" = $1`,
      [beacon.beaconId],
    );
    const before = pathOf(beacon).length;
    const startedAt = Date.now();
    await stage.add('gateway');
    await waitFor(() => pathOf(beacon).length > before);
    expect(pathOf(beacon).at(-1)).toBe('online>offline');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_400);
  });
});
