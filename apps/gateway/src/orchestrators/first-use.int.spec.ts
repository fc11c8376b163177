import type { Api } from '../../../../test/support/api.js';
import { createMall, newDeviceKeys, tryRegister } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';

let stage: MallStage;
let admin: Api;

beforeAll(async () => {
  stage = await MallStage.open({ TRUST_ON_FIRST_USE: 'on' });
  admin = await stage.as('admin');
}, 60_000);

afterAll(() => stage.close());

const reset = (entityId: string) => admin.post(`/api/v1/entities/${entityId}/orchestrator/reset`);
const REFUSED = { status: 401, body: { error: { code: 'AUTH_INVALID_SIGNATURE' } } };

describe('trust on first use', () => {
  it('C3 believes the first key without a secret, and no other until a reset', async () => {
    const { entityId } = await createMall(admin);
    const [first, second] = [newDeviceKeys(), newDeviceKeys()];
    expect((await tryRegister(stage.url, { entityId, keys: first })).status).toBe(200);
    expect(await tryRegister(stage.url, { entityId, keys: second })).toMatchObject(REFUSED);
    expect((await reset(entityId)).status).toBe(200);
    expect((await tryRegister(stage.url, { entityId, keys: second })).status).toBe(200);
    expect(await tryRegister(stage.url, { entityId, keys: first })).toMatchObject(REFUSED);
  });

  it('C3 does not believe another key than the one that an entity was made with', async () => {
    const [own, foreign] = [newDeviceKeys(), newDeviceKeys()];
    const entityId = `mall-${crypto.randomUUID().slice(0, 8)}`;
    const made = await admin.post('/api/v1/entities', { entity_id: entityId, name: 'Mall', public_key: own.pem });
    expect(made.status).toBe(201);
    expect(await tryRegister(stage.url, { entityId, keys: foreign })).toMatchObject(REFUSED);
    expect((await tryRegister(stage.url, { entityId, keys: own })).status).toBe(200);
  });
});
