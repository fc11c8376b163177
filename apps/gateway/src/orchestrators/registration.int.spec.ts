import { decodeJwt } from 'jose';
import { Api, type Answer } from '../../../../test/support/api.js';
import {
  createMall,
  MallOrchestrator,
  newDeviceKeys,
  registrationBody,
  sendSigned,
  signatureOf,
  tryRegister,
} from '../../../../test/support/mall.js';
import { RegistrationTraces } from '../../../../test/support/orchestrators-service.js';
import { MallStage } from '../../../../test/support/mall-stage.js';

let stage: MallStage;
let admin: Api;

beforeAll(async () => {
  stage = await MallStage.open();
  await stage.add('gateway');
  await stage.add('orchestrators');
  admin = await stage.as('admin');
}, 60_000);

afterAll(() => stage.close());

const seen = ({ status, body }: Answer<any>) => ({ status, code: body?.error?.code });
const BAD_SIGNATURE = { status: 401, code: 'AUTH_INVALID_SIGNATURE' };
const setBack = (orchestrator: MallOrchestrator, columns: string): Promise<unknown> =>
  stage.query(`UPDATE "orchestrators"."orchestrators" SET ${columns} WHERE "assignedId" = $1`, [
    orchestrator.assignedId,
  ]);

describe('registration', () => {
  it('ORC-006 ORC-008 ORC-009 ORC-010 ORC-080 answers token, expiry, id and absolute endpoints', async () => {
    const mall = await createMall(admin);
    const { status, body } = await tryRegister(stage.url, mall);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      'token',
      'expires_at',
      'assigned_id',
      'sync_endpoints',
      'initial_sync_required',
    ]);
    const claims = decodeJwt(body.token);
    expect(body.expires_at).toBe(claims.exp);
    expect(body.expires_at - Date.now() / 1000).toBeCloseTo(7 * 86_400, -2);
    expect(claims).toMatchObject({ sub: body.assigned_id, entity_id: mall.entityId, roles: ['orchestrator'] });
    expect(body.assigned_id).toBe(`orch-${mall.entityId}-001`);
    expect(body.sync_endpoints).toEqual({
      events: `${stage.url}/api/orchestrators/events`,
      data_sync: `${stage.url}/api/orchestrators/sync`,
      firmware: `${stage.url}/api/firmware`,
    });
    expect(body.initial_sync_required).toBe(true);
  });

  it.each([
    'entity_id',
    'orchestrator_id',
    'version',
    'capabilities',
    'public_key',
    'heartbeat_interval',
    'local_address',
  ])('ORC-006 names %s when it is missing', async (field) => {
    const { status, body } = await tryRegister(stage.url, { entityId: 'mall-x', body: { [field]: undefined } });
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(body.error.details.fields.map((each: { field: string }) => each.field)).toContain(field);
  });

  it.each([
    ['heartbeat_interval', 0],
    ['heartbeat_interval', 1.5],
    ['heartbeat_interval', 3_601],
    ['heartbeat_interval', '60'],
    ['local_address', 'not a url'],
    ['public_key', '-----BEGIN PUBLIC KEY-----'],
    ['capabilities', 'task_assignment'],
    ['orchestrator_id', 'a.b'],
    ['version', '\u0000'],
  ])('refuses %s %j and names it', async (field, value) => {
    const mall = await createMall(admin);
    const { status, body } = await tryRegister(stage.url, { ...mall, body: { [field]: value } });
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(body.error.details.fields[0].field).toBe(field);
  });

  it('ORC-007 keeps capabilities that it does not know', async () => {
    const mall = await createMall(admin);
    const capabilities = ['task_assignment', 'firmware_distribution', 'beacon_management', 'teleport'];
    await MallOrchestrator.register(stage.url, { ...mall, body: { capabilities } });
    const { body } = await admin.get(`/api/v1/entities/${mall.entityId}/orchestrator`);
    expect(body.capabilities).toEqual(capabilities);
  });

  it('ORC-100 does not know an entity that nobody made', async () => {
    const answer = await tryRegister(stage.url, { entityId: 'mall-nowhere', secret: 'enr_x' });
    expect(seen(answer)).toEqual({ status: 404, code: 'ENTITY_NOT_FOUND' });
  });

  it('ORC-011 refuses a missing signature, a changed byte and another key, without a token', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const text = JSON.stringify(registrationBody({ ...mall, keys }));
    const signature = signatureOf(text, keys.privateKey);
    const tries = [
      await sendSigned(stage.url, text, {}),
      await sendSigned(stage.url, `${text} `, { 'x-signature': signature }),
      await sendSigned(stage.url, text.replace('0.1.0', '0.1.1'), { 'x-signature': signature }),
      await sendSigned(stage.url, text, { 'x-signature': signatureOf(text, newDeviceKeys().privateKey) }),
      await sendSigned(stage.url, text, { 'x-signature': 'rubbish' }),
    ];
    for (const answer of tries) {
      expect(seen(answer)).toEqual(BAD_SIGNATURE);
      expect(JSON.stringify(answer.body)).not.toContain('eyJ');
    }
    expect((await sendSigned(stage.url, text, { 'x-signature': signature })).status).toBe(200);
  });

  it('ORC-011 checks the bytes as they came, whatever their spacing, order and escapes', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const entries = Object.entries(registrationBody({ ...mall, keys })).reverse();
    const text = JSON.stringify({ zusatz: 'ß\u{1F600}', ...Object.fromEntries(entries) }, null, 3).replace(
      'ß',
      '\\u00df',
    );
    const signature = signatureOf(text, keys.privateKey, { form: 'raw', isHashedTwice: true });
    expect((await sendSigned(stage.url, `${text}\n`, { 'x-signature': signature })).status).toBe(401);
    expect((await sendSigned(stage.url, text, { 'x-signature': signature })).status).toBe(200);
  });

  it('ORC-005 ORC-086 is not for phones, nor for other devices, whatever they send', async () => {
    const account = { username: 'phone', password: 'a long enough password' };
    await admin.post('/api/v1/users', { ...account, roles: ['mobile'] });
    const phone = (await Api.login(stage.url, account.username, account.password)).token;
    const mall = await createMall(admin);
    const body = registrationBody(mall);
    const DENIED = { status: 403, code: 'ACCESS_DENIED' };
    expect(seen(await new Api(stage.url, phone).post('/api/orchestrators/register', body))).toEqual(DENIED);
    expect(seen(await new Api(stage.url, phone).post('/api/orchestrators/register', {}))).toEqual(DENIED);
    expect(seen(await new Api(stage.url, 'no.good.token').post('/api/orchestrators/register', body))).toEqual(
      BAD_SIGNATURE,
    );
    expect((await tryRegister(stage.url, mall)).status).toBe(200);
  });

  it('refuses a body that is too large to be one', async () => {
    const mall = await createMall(admin);
    const answer = await tryRegister(stage.url, { ...mall, body: { zusatz: 'x'.repeat(70_000) } });
    expect(seen(answer)).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});

describe('trust', () => {
  it('needs the secret, which is good for one registration', async () => {
    const mall = await createMall(admin);
    expect(seen(await tryRegister(stage.url, { entityId: mall.entityId }))).toEqual(BAD_SIGNATURE);
    expect(seen(await tryRegister(stage.url, { ...mall, secret: `${mall.secret}x` }))).toEqual(BAD_SIGNATURE);
    const first = await MallOrchestrator.register(stage.url, mall);
    const hashOf = `SELECT "enrolmentSecretHash" FROM "orchestrators"."entities" WHERE "entityId" = $1`;
    expect(await stage.query(hashOf, [mall.entityId])).toEqual([{ enrolmentSecretHash: null }]);
    await setBack(first, `"tokenExpiresAt" = now()`);
    const thief = await tryRegister(stage.url, mall);
    expect(seen(thief)).toEqual(BAD_SIGNATURE);
    const again = await tryRegister(stage.url, { entityId: mall.entityId, keys: first.keys });
    expect(again.status).toBe(200);
    expect(again.body.assigned_id).toBe(first.assignedId);
  });

  it('takes the key that was provided for the entity, and no other', async () => {
    const keys = newDeviceKeys();
    const entityId = `mall-${crypto.randomUUID().slice(0, 8)}`;
    const made = await admin.post('/api/v1/entities', { entity_id: entityId, name: 'Provided', public_key: keys.pem });
    expect(made.status).toBeLessThan(300);
    expect(seen(await tryRegister(stage.url, { entityId }))).toEqual(BAD_SIGNATURE);
    expect((await tryRegister(stage.url, { entityId, keys })).status).toBe(200);
  });

  it('ORC-120 one orchestrator is in charge of an entity, until it is reset', async () => {
    const first = await MallOrchestrator.ofNewMall(admin);
    const { body } = await admin.post(`/api/v1/entities/${first.entityId}/enrolment-secret`);
    const second = { entityId: first.entityId, secret: body.enrolment_secret, orchestratorId: 'orch-002' };
    expect(seen(await tryRegister(stage.url, second))).toEqual({ status: 409, code: 'ORCHESTRATOR_ACTIVE' });
    const reset = await admin.post(`/api/v1/entities/${first.entityId}/orchestrator/reset`);
    const next = await tryRegister(stage.url, { ...second, secret: reset.body.enrolment_secret });
    expect(next.status).toBe(200);
    expect(next.body.assigned_id).toBe(`orch-${first.entityId}-002`);
  });
});

describe('repeats', () => {
  it('ORC-012 one success in 24 hours, each orchestrator on its own', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const again = await tryRegister(stage.url, orchestrator);
    expect(seen(again)).toEqual({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(86_000);
    await MallOrchestrator.ofNewMall(admin);
    await setBack(orchestrator, `"registeredAt" = now() - interval '24 hours 1 second'`);
    const later = await tryRegister(stage.url, orchestrator);
    expect(later.status).toBe(200);
    expect(later.body.assigned_id).toBe(orchestrator.assignedId);
    const [before, after] = [orchestrator.token, later.body.token].map((token) => decodeJwt(token));
    expect(after!['sid']).toBe(before!['sid']);
  });

  it('ORC-011 an accepted signature is not accepted again, in no encoding and not after a day', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const text = JSON.stringify(registrationBody({ ...mall, keys }));
    const signature = signatureOf(text, keys.privateKey, { form: 'raw' });
    const first = await sendSigned(stage.url, text, { 'x-signature': signature });
    expect(first.status).toBe(200);
    await stage.query(
      `UPDATE "orchestrators"."orchestrators" SET "registeredAt" = now() - interval '3 days', "tokenExpiresAt" = now()
       WHERE "assignedId" = $1`,
      [first.body.assigned_id],
    );
    for (const form of ['base64', 'base64url', 'hex'] as const) {
      const replayed = Buffer.from(signature, 'base64').toString(form);
      expect(seen(await sendSigned(stage.url, text, { 'x-signature': replayed }))).toEqual(BAD_SIGNATURE);
    }
    const anew = await sendSigned(stage.url, text, { 'x-signature': signatureOf(text, keys.privateKey) });
    expect(anew.status).toBe(200);
  });

  it('a missed answer is had again by the same X-Idempotency-Key, with the same signature or a new one', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const headers = { 'x-idempotency-key': crypto.randomUUID() };
    const text = JSON.stringify(registrationBody({ ...mall, keys }));
    const signed = () => ({ 'x-signature': signatureOf(text, keys.privateKey), ...headers });
    const proof = signed();
    const first = await sendSigned(stage.url, text, proof);
    expect(first.status).toBe(200);
    const [same, anew] = [await sendSigned(stage.urls[1]!, text, proof), await sendSigned(stage.url, text, signed())];
    expect(same.body).toEqual(first.body);
    expect(anew.status).toBe(200);
    expect(anew.body.assigned_id).toBe(first.body.assigned_id);
    expect(decodeJwt(anew.body.token)['sid']).toBe(decodeJwt(first.body.token)['sid']);
    const other = await tryRegister(stage.url, { ...mall, keys, headers, body: { version: '0.1.1' } });
    expect(seen(other)).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('a crash after the commit costs nothing: the repeat finds the grant that the first try made', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const headers = { 'x-idempotency-key': crypto.randomUUID() };
    const first = await tryRegister(stage.url, { ...mall, keys, headers });
    // What a gateway that dies before it answers leaves behind: no kept answer.
    await stage.query(`DELETE FROM "auth"."idempotentRequests"`);
    const repeat = await tryRegister(stage.url, { ...mall, keys, headers });
    expect(repeat.status).toBe(200);
    expect(decodeJwt(repeat.body.token)['sid']).toBe(decodeJwt(first.body.token)['sid']);
  });

  it('forgets a signature when its timestamp is over, and one without a timestamp never', async () => {
    const traces = stage.service('orchestrators').app.get(RegistrationTraces, { strict: false });
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const text = JSON.stringify(registrationBody({ ...mall, keys }));
    const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), 'n-1'];
    const signature = signatureOf(`${timestamp}\n${nonce}\n${text}`, keys.privateKey);
    const stamped = { 'x-signature': signature, 'x-timestamp': timestamp, 'x-nonce': nonce };
    expect(seen(await sendSigned(stage.url, text, { 'x-signature': signature }))).toEqual(BAD_SIGNATURE);
    expect((await sendSigned(stage.url, text, stamped)).status).toBe(200);
    expect(seen(await sendSigned(stage.url, text, stamped))).toEqual(BAD_SIGNATURE);
    const kept = async (): Promise<number[]> => {
      const [row] = await stage.query(
        `SELECT count("forgetAt")::int AS "stamped", count(*)::int AS "all" FROM "orchestrators"."accepted_signatures"`,
      );
      return [row!['stamped'], row!['all']];
    };
    const before = await kept();
    expect(before[0]).toBeGreaterThan(0);
    expect(before[1]).toBeGreaterThan(before[0]!);
    await traces.forget(100);
    expect(await kept()).toEqual(before);
    await stage.query(
      `UPDATE "orchestrators"."accepted_signatures" SET "forgetAt" = now() - interval '1 s' WHERE "forgetAt" IS NOT NULL`,
    );
    await stage.query(`UPDATE "orchestrators"."registration_keys" SET "usedAt" = now() - interval '25 hours'`);
    expect(await traces.forget(100)).toBe(false);
    expect(await kept()).toEqual([0, before[1]! - before[0]!]);
    expect(await stage.query(`SELECT FROM "orchestrators"."registration_keys"`)).toEqual([]);
  });

  it('failures are limited by orchestrator, and do not lock out another one', async () => {
    const mall = await createMall(admin);
    const attempts = Array.from({ length: 20 }, () => tryRegister(stage.url, { ...mall, secret: 'enr_guess' }));
    for (const answer of await Promise.all(attempts)) expect(answer.status).toBe(401);
    const refused = await tryRegister(stage.urls[1]!, mall);
    expect(seen(refused)).toEqual({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
    expect((await tryRegister(stage.url, { ...mall, orchestratorId: 'orch-002' })).status).toBe(200);
  });
});

describe('races', () => {
  it('ORC-012 of ten registrations at once over two gateways one wins, and the secret is spent once', async () => {
    const mall = await createMall(admin);
    const keys = newDeviceKeys();
    const tries = Array.from({ length: 10 }, (_, n) => tryRegister(stage.urls[n % 2]!, { ...mall, keys }));
    const answers = (await Promise.all(tries)).map(seen);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
  });

  it('ORC-120 the secret used by two keys at once is spent by one', async () => {
    const mall = await createMall(admin);
    const tries = ['orch-001', 'orch-002', 'orch-001', 'orch-003'].map((orchestratorId, n) =>
      tryRegister(stage.urls[n % 2]!, { ...mall, orchestratorId }),
    );
    const answers = await Promise.all(tries);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const rows = await stage.query(`SELECT FROM "orchestrators"."orchestrators" WHERE "entityId" = $1`, [
      mall.entityId,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('two entities whose readable ids meet get different ones', async () => {
    const [one, other] = await Promise.all([
      createMall(admin, { entityId: 'twin-a' }),
      createMall(admin, { entityId: 'twin' }),
    ]);
    const [a, b] = await Promise.all([
      tryRegister(stage.url, { ...one, orchestratorId: 'c' }),
      tryRegister(stage.urls[1]!, { ...other, orchestratorId: 'a-c' }),
    ]);
    expect([a.status, b.status]).toEqual([200, 200]);
    expect(a.body.assigned_id).not.toBe(b.body.assigned_id);
  });
});
