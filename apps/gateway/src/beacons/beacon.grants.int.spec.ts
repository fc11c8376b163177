import { ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import { Api } from '../../../../test/support/api.js';
import { BeaconDevice } from '../../../../test/support/beacon-device.js';
import { createMall, MallOrchestrator, newDeviceKeys } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { RobotTokens } from '../robots/robot.tokens.js';

let stage: MallStage;
let admin: Api;

beforeAll(async () => {
  stage = await MallStage.open();
  admin = await stage.as('admin');
}, 120_000);

afterAll(() => stage.close());

interface Beacon {
  readonly device: BeaconDevice;
  readonly token: string;
}

async function newBeacon(orchestrator: MallOrchestrator): Promise<Beacon> {
  const device = new BeaconDevice(orchestrator.entityId, orchestrator);
  await device.register();
  return { device, token: await tokenOf(device) };
}

async function tokenOf(device: BeaconDevice): Promise<string> {
  const { body } = await device.prove(stage.url, (await device.challenge(stage.url)).body);
  return body.token;
}

const statusOf = async (url: string, token: string): Promise<number> =>
  (await new Api(url, token).get('/api/v1/auth/me')).status;
const refused = (token: string): Promise<boolean> =>
  waitFor(async () => {
    const statuses = await Promise.all(stage.urls.map((url) => statusOf(url, token)));
    return statuses.every((status) => status === 401);
  });
const waiting = (): Promise<any[]> => stage.query(`SELECT 1 FROM "beacons"."ended_grants"`);
const devicesOf = (entityId: string): Promise<any[]> =>
  stage.query(`SELECT 1 FROM "beacons"."devices" WHERE "entityId" = $1`, [entityId]);

const eventsOf = async (entityId: string): Promise<any[]> =>
  (await admin.get(`/api/v1/entities/${entityId}/events`)).body.events;

describe('tokens of beacons', () => {
  it('C36 end on every replica when the beacon comes back with another key, and new ones are good', async () => {
    const second = await stage.add('gateway');
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const [{ device, token }, other] = [await newBeacon(orchestrator), await newBeacon(orchestrator)];
    const again = await tokenOf(device);
    device.keys = newDeviceKeys();
    await device.register();
    await refused(token);
    await refused(again);
    expect(await statusOf(stage.url, other.token)).toBe(200);
    await admin.post(`/api/v1/entities/${orchestrator.entityId}/beacon-devices/${device.beaconId}/approve`);
    expect(await statusOf(stage.url, await tokenOf(device))).toBe(200);
    await waitFor(async () => (await waiting()).length === 0);
    await stage.stop(second);
  });

  it('end when its approval is taken back, and when it is removed', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const [shutOut, removed] = [await newBeacon(orchestrator), await newBeacon(orchestrator)];
    const devices = `/api/v1/entities/${orchestrator.entityId}/beacon-devices`;
    await admin.post(`${devices}/${shutOut.device.beaconId}/withdraw`);
    await admin.delete(`${devices}/${removed.device.beaconId}`);
    await refused(shutOut.token);
    await refused(removed.token);
    const proof = async ({ device }: typeof shutOut) =>
      (await device.prove(stage.url, (await device.challenge(stage.url)).body)).status;
    expect([await proof(shutOut), await proof(removed)]).toEqual([403, 401]);
  });

  it('are revoked later when no gateway ran as their grant ended', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const { device, token } = await newBeacon(orchestrator);
    await stage.stop(stage.service('gateway'));
    const known = await stage.query(`SELECT * FROM "beacons"."devices" WHERE "beaconId" = $1`, [device.beaconId]);
    await stage.query(`INSERT INTO "beacons"."ended_grants" ("grantId") VALUES ($1)`, [known[0]!['grantId']]);
    await stage.add('gateway');
    admin = await stage.as('admin');
    await refused(token);
    await waitFor(async () => (await waiting()).length === 0);
  });
});

describe('an entity that is deleted', () => {
  it('takes its beacons and every token with it, although the service of beacons is away meanwhile', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const { entityId } = orchestrator;
    const { device, token } = await newBeacon(orchestrator);
    const { token: ofRobot } = await stage
      .service('gateway')
      .app.get(RobotTokens, { strict: false })
      .issue({ robotId: 'robot-7', entityId, by: 'user:spec' });
    await device.upload(device.batch('kept'));
    await stage.stop(stage.service('beacons'));

    expect((await admin.delete(`/api/v1/entities/${entityId}`)).status).toBe(204);
    await refused(orchestrator.token);
    await refused(ofRobot);
    await stage.stop(stage.service('orchestrators'));
    await Promise.all([stage.add('orchestrators'), stage.add('beacons')]);
    await waitFor(async () => (await devicesOf(entityId)).length === 0, 30_000);
    await refused(token);

    expect((await device.prove(stage.url, (await device.challenge(stage.url)).body)).status).toBe(401);
    const logs = await stage.query(`SELECT 1 FROM "beacons"."access_logs" WHERE "entityId" = $1`, [entityId]);
    expect(logs).toHaveLength(2);
  }, 60_000);

  it('may be made anew when it is forgotten everywhere, and the new one hears and keeps its own alone', async () => {
    const first = await MallOrchestrator.ofNewMall(admin);
    const { entityId } = first;
    const old = await newBeacon(first);
    const config = { type: 'robot_selection_params', config: { of: 'the first' } };
    expect((await admin.put(`/api/v1/entities/${entityId}/config`, config)).status).toBe(200);
    await waitFor(async () => (await eventsOf(entityId)).length === 1);
    await stage.stop(stage.service('beacons'));
    expect((await admin.delete(`/api/v1/entities/${entityId}`)).status).toBe(204);
    await expect(createMall(admin, { entityId })).rejects.toThrow('SERVICE_UNAVAILABLE');
    await stage.add('beacons');
    const { secret } = await waitFor(() => createMall(admin, { entityId }), 30_000);
    const second = await MallOrchestrator.register(stage.url, { entityId, secret });
    expect(await eventsOf(entityId)).toEqual([]);
    const young = await newBeacon(second);

    await refused(old.token);
    await waitFor(async () => (await devicesOf(entityId)).length === 1);
    expect(await statusOf(stage.url, young.token)).toBe(200);
    expect((await stage.ask(ORCHESTRATORS_REQUESTS.get, { entity_id: entityId })).entity_id).toBe(entityId);
    const [departure] = await stage.query(`SELECT * FROM "orchestrators"."departures" WHERE "entityId" = $1`, [
      entityId,
    ]);
    expect(departure).toBeDefined();
  }, 60_000);
});
