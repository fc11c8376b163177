import { verify } from 'node:crypto';
import { BEACONS_REQUESTS, unlockChallengeBytes } from '#libs/contracts';
import { Api } from '../../../../test/support/api.js';
import { BeaconDevice } from '../../../../test/support/beacon-device.js';
import { MallOrchestrator, newDeviceKeys } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';

let stage: MallStage;
let admin: Api;
let orchestrator: MallOrchestrator;
let entityId: string;

beforeAll(async () => {
  stage = await MallStage.open();
  admin = await stage.as('admin');
  orchestrator = await MallOrchestrator.ofNewMall(admin);
  entityId = orchestrator.entityId;
}, 120_000);

afterAll(() => stage.close());

const newBeacon = async (): Promise<BeaconDevice> => {
  const beacon = new BeaconDevice(entityId, orchestrator);
  expect((await beacon.register()).status).toBe(200);
  return beacon;
};
const INVALID = { status: 401, body: { error: { code: 'AUTH_INVALID_SIGNATURE' } } };

/** A client with the beacon's own token. */
async function asBeacon(beacon: BeaconDevice): Promise<Api> {
  const { body } = await beacon.prove(stage.url, (await beacon.challenge(stage.url)).body);
  return new Api(stage.url, body.token);
}

describe('beacons that prove who they are', () => {
  it('ORC-081 a signed nonce is worth one token, within a minute, for that device', async () => {
    const [beacon, other] = [await newBeacon(), await newBeacon()];
    const { status, body: challenge } = await beacon.challenge(stage.url);
    expect({ status, challenge }).toEqual({
      status: 200,
      challenge: {
        nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
        timestamp: expect.any(Number),
        expires_at: challenge.timestamp + 60,
        algorithm: 'ECDSA-P256-SHA256',
      },
    });
    expect(await other.prove(stage.url, challenge)).toMatchObject(INVALID);
    const answer = await beacon.prove(stage.url, challenge);
    expect(answer).toMatchObject({ status: 200, body: { beacon_id: beacon.beaconId, entity_id: entityId } });
    expect(answer.body.expires_at - challenge.timestamp).toBeGreaterThan(3_500);
    expect(await beacon.prove(stage.url, challenge)).toMatchObject(INVALID);
  });

  it('ORC-081 one nonce at two replicas at once is worth one token', async () => {
    const second = await stage.add('beacons');
    const beacon = await newBeacon();
    const { body } = await beacon.challenge(stage.url);
    const answers = await Promise.all(Array.from({ length: 8 }, () => beacon.prove(stage.url, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await stage.stop(second);
  });

  it('ORC-081 another key, a nonce of one’s own, an old one and a changed timestamp are refused alike', async () => {
    const beacon = await newBeacon();
    const { body: challenge } = await beacon.challenge(stage.url);
    const { timestamp } = challenge;
    const own = beacon.keys;
    beacon.keys = newDeviceKeys();
    expect(await beacon.prove(stage.url, challenge)).toMatchObject(INVALID);
    beacon.keys = own;
    expect(await beacon.prove(stage.url, { nonce: 'ab'.repeat(16), timestamp })).toMatchObject(INVALID);
    expect(await beacon.prove(stage.url, { ...challenge, timestamp: timestamp + 1 })).toMatchObject(INVALID);
    expect(await beacon.prove(stage.url, { ...challenge, timestamp: timestamp - 61 })).toMatchObject(INVALID);
    expect(await beacon.prove(stage.url, challenge, { signature: 'AAAA' })).toMatchObject(INVALID);
    expect((await beacon.prove(stage.url, challenge)).status).toBe(200);
  });

  it('ORC-081 an unknown device is answered like a known one', async () => {
    const stranger = new BeaconDevice(entityId, orchestrator);
    const { status, body } = await stranger.challenge(stage.url);
    expect([status, Object.keys(body).sort()]).toEqual([200, ['algorithm', 'expires_at', 'nonce', 'timestamp']]);
    expect(await stranger.prove(stage.url, body)).toMatchObject(INVALID);
  });

  it('ORC-081 the 11th request of a device in a minute is 429, over all replicas, and others are not held up', async () => {
    const second = await stage.add('gateway');
    const beacon = await newBeacon();
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) statuses.push((await beacon.challenge(stage.urls[n % 2]!)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429]);
    expect((await (await newBeacon()).challenge(stage.url)).status).toBe(200);
    await stage.stop(second);
  });

  it('C36 a beacon that is not approved proves itself and gets 403', async () => {
    const beacon = await newBeacon();
    beacon.keys = newDeviceKeys();
    await beacon.register();
    const { body } = await beacon.challenge(stage.url);
    expect(await beacon.prove(stage.url, body)).toMatchObject({
      status: 403,
      body: { error: { code: 'BEACON_NOT_APPROVED' } },
    });
  });

  it('ORC-084 a beacon registers itself, reports and reads firmware, and nothing else', async () => {
    const [beacon, other] = [await newBeacon(), await newBeacon()];
    const api = await asBeacon(beacon);
    const own = new BeaconDevice(entityId, api, beacon.keys);
    Object.assign(own, { deviceId: beacon.deviceId, beaconId: beacon.beaconId });
    expect((await own.register()).status).toBe(200);
    expect((await own.heartbeat()).status).toBe(200);
    expect((await own.upload(own.batch('b'))).status).toBe(200);
    expect((await own.upload(own.batch('b'), '/api/orchestrators/logs/upload')).status).toBe(200);
    expect((await api.get('/api/firmwares')).status).toBe(200);
    for (const path of ['sync/full', 'sync/delta', 'sync/checksum', 'events']) {
      expect((await api.get(`/api/orchestrators/${path}`)).status).toBe(403);
    }
    for (const path of ['tasks/assign', 'tasks/status', 'heartbeat', 'firmware/status', 'batch']) {
      expect((await api.post(`/api/orchestrators/${path}`, {})).status).toBe(403);
    }
    expect((await api.get(`/api/v1/entities/${entityId}/beacon-devices`)).status).toBe(403);
    for (const answer of [
      await own.heartbeat({ beacon_id: other.beaconId }),
      await own.heartbeat({ entity_id: 'mall-other' }),
      await own.upload({ ...own.batch('c'), beacon_id: other.beaconId }),
      await own.register({ device_id: other.deviceId }),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { error: { code: 'ENTITY_ACCESS_DENIED' } } });
    }
  });
});

describe('unlock challenges', () => {
  it('ORC-086 a phone gets a challenge that the platform signed, and the unlock is noted', async () => {
    const beacon = await newBeacon();
    const user = { username: `phone-${crypto.randomUUID()}`, password: 'phone-password', roles: ['mobile'] };
    expect((await admin.post('/api/v1/users', user)).status).toBe(201);
    const phone = await Api.login(stage.url, user.username, user.password);
    const path = `/api/v1/entities/${entityId}/beacon-devices/${beacon.beaconId}/unlock-challenge`;
    const { status, body } = await phone.post(path, { device_id: 'mobile-abc', type: 'nfc' });
    expect(status).toBe(200);
    const { body: key } = await phone.get('/.well-known/beacon-keys.json');
    expect(body.key_id).toBe(key.key_id);
    const bytes = unlockChallengeBytes(Buffer.from(body.nonce, 'hex'), body.timestamp);
    const signature = Buffer.from(body.server_signature, 'base64');
    expect(verify('sha256', bytes, { key: key.public_key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    expect(body.expires_at - body.timestamp).toBe(60);
    const [noted] = await stage.query(`SELECT * FROM "beacons"."unlock_instances" WHERE "unlockId" = $1`, [
      body.unlock_id,
    ]);
    expect(noted).toMatchObject({
      beaconId: beacon.beaconId,
      deviceId: 'mobile-abc',
      type: 'nfc',
      stage: 'initiated',
      challengeNonce: body.nonce,
    });
    expect((await phone.post(path)).status).toBe(200);
    expect((await phone.post(path, [])).status).toBe(400);
    expect((await phone.post(path, { type: 'key' })).status).toBe(400);
    expect((await phone.post(path.replace(beacon.beaconId, 'beacon-nobody'))).status).toBe(404);
    expect((await beacon.heartbeat({}, phone)).status).toBe(403);
    expect((await (await stage.as('viewer')).post(path)).status).toBe(403);
  });

  it('every replica has the same keys', async () => {
    const second = await stage.add('beacons');
    const ids = await Promise.all(Array.from({ length: 10 }, () => stage.ask(BEACONS_REQUESTS.unlockKey, {})));
    expect(new Set(ids.map(({ key_id }) => key_id)).size).toBe(1);
    await stage.stop(second);
  });
});
