import { decodeJwt, exportJWK, importPKCS8, SignJWT, UnsecuredJWT } from 'jose';
import { Api, type Answer } from '../../../../test/support/api.js';
import { createMall, MallOrchestrator, newDeviceKeys, tryRegister } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { RevocationRepository } from '../auth/sessions/revocation.repository.js';
import { AuthSettings } from '../auth/auth.settings.js';
import { SigningKeys } from '../auth/tokens/signing-keys.js';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';

const DAY_S = 86_400;
const LIFE_S = 7 * DAY_S;
const REFRESH = '/api/orchestrators/token/refresh';
/** Any route of orchestrators that answers without another service's state. */
const HEARTBEAT = '/api/orchestrators/heartbeat';

let stage: MallStage;
let admin: Api;

beforeAll(async () => {
  stage = await MallStage.open();
  await stage.add('gateway');
  admin = await stage.as('admin');
}, 60_000);

afterAll(() => stage.close());

const seen = ({ status, body }: Answer<any>) => ({ status, code: body?.error?.code });

/** The orchestrator with a token of its grant that is `ageS` seconds old. */
async function aged(orchestrator: MallOrchestrator, ageS: number): Promise<string> {
  const { sid, aliases } = decodeJwt<{ sid: string; aliases: string[] }>(orchestrator.token);
  const issuer = stage.service('gateway').app.get(TokenIssuer, { strict: false });
  const scope = { role: 'orchestrator' as const, entityId: orchestrator.entityId, aliases };
  const { assignedId: id } = orchestrator;
  return (await issuer.issueToMachine({ id, scope, sessionId: sid, lifeS: LIFE_S - ageS })).token;
}

const refresh = (orchestrator: MallOrchestrator, token: string): Promise<Answer<any>> =>
  orchestrator.post(REFRESH, undefined, { headers: { authorization: `Bearer ${token}` } });

describe('rotation of tokens', () => {
  it('ORC-080 from the fifth day on, a new token is had for the old one, which stays good', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const old = await aged(orchestrator, 5 * DAY_S);
    const { status, body } = await refresh(orchestrator, old);
    expect(status).toBe(200);
    expect(body).toMatchObject({ refreshed: true, assigned_id: orchestrator.assignedId });
    expect(body.expires_at).toBe(decodeJwt(body.token).exp);
    expect(body.expires_at - Date.now() / 1000).toBeCloseTo(LIFE_S, -2);
    expect(body.refresh_from).toBe(body.expires_at - 2 * DAY_S);
    for (const token of [old, body.token]) {
      orchestrator.token = token;
      expect([200, 429]).toContain((await orchestrator.heartbeat()).status);
    }
  });

  it('ORC-080 before, the answer is the token that was shown', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const young = await aged(orchestrator, 5 * DAY_S - 60);
    const { status, body } = await refresh(orchestrator, young);
    expect(status).toBe(200);
    expect(body).toMatchObject({ refreshed: false, token: young, expires_at: decodeJwt(young).exp });
  });

  it('ORC-079 for a day after its end a token is good for a refresh, and for nothing else', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const ended = await aged(orchestrator, LIFE_S + DAY_S - 60);
    orchestrator.token = ended;
    expect(seen(await orchestrator.heartbeat())).toEqual({ status: 401, code: 'AUTH_TOKEN_EXPIRED' });
    const { body } = await refresh(orchestrator, ended);
    orchestrator.token = body.token;
    expect((await orchestrator.heartbeat()).status).toBe(200);
    const tooOld = await aged(orchestrator, LIFE_S + DAY_S + 2);
    expect(seen(await refresh(orchestrator, tooOld))).toEqual({ status: 401, code: 'AUTH_TOKEN_EXPIRED' });
  });

  it('is for orchestrators alone, with a bearer token, of their own entity', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const other = await MallOrchestrator.ofNewMall(admin);
    expect(seen(await admin.post(REFRESH))).toEqual({ status: 403, code: 'ACCESS_DENIED' });
    expect(seen(await orchestrator.post(REFRESH, undefined, { headers: { authorization: '' } }))).toEqual({
      status: 401,
      code: 'AUTH_REQUIRED',
    });
    const headers = { 'x-entity-id': other.entityId };
    expect(seen(await orchestrator.post(REFRESH, undefined, { headers }))).toEqual({
      status: 403,
      code: 'ENTITY_ACCESS_DENIED',
    });
  });

  it('a token that is due is told with the heartbeat', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    expect((await orchestrator.heartbeat()).body.commands).toEqual([]);
    await stage.query(
      `UPDATE "orchestrators"."orchestrators" SET "acceptedHeartbeatAt" = NULL, "tokenExpiresAt" = now() + interval '47 hours'
       WHERE "assignedId" = $1`,
      [orchestrator.assignedId],
    );
    const { body } = await orchestrator.heartbeat();
    expect(body.commands).toEqual([
      {
        command_id: expect.stringContaining(orchestrator.assignedId),
        type: 'rotate_token',
        expires_at: expect.any(String),
      },
    ]);
  });
});

describe('reset', () => {
  it('C1 ends the token on every replica, unpins the key and opens the entity for a new one', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const elsewhere = (): Promise<Answer<any>> =>
      new Api(stage.urls[1]!, orchestrator.token).post(HEARTBEAT, {
        orchestrator_id: orchestrator.assignedId,
        entity_id: orchestrator.entityId,
        status: 'healthy',
      });
    expect((await orchestrator.heartbeat()).status).toBe(200);
    const { status, body } = await admin.post(`/api/v1/entities/${orchestrator.entityId}/orchestrator/reset`);
    expect(status).toBe(200);
    expect(body).toEqual({ entity_id: orchestrator.entityId, enrolment_secret: expect.stringMatching(/^enr_/) });
    expect(seen(await orchestrator.heartbeat())).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
    await waitFor(async () => (await elsewhere()).status === 401, 5_000);
    expect(seen(await refresh(orchestrator, orchestrator.token))).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
    expect((await tryRegister(stage.url, orchestrator)).status).toBe(401);
    const keys = newDeviceKeys();
    const next = await tryRegister(stage.url, { entityId: orchestrator.entityId, keys, secret: body.enrolment_secret });
    expect(next.body).toMatchObject({ assigned_id: orchestrator.assignedId, initial_sync_required: true });
    expect(seen(await orchestrator.heartbeat())).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
    const shown = await admin.get(`/api/v1/entities/${orchestrator.entityId}/orchestrator`);
    expect(shown.body).toMatchObject({ is_active: true, key_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('a reset after a crash in the middle revokes what the first one could not', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const path = `/api/v1/entities/${orchestrator.entityId}/orchestrator/reset`;
    await admin.post(path);
    const { sid } = decodeJwt<{ sid: string }>(orchestrator.token);
    // What is left when the gateway dies between the service's commit and its own.
    await stage.query(`DELETE FROM "auth"."revocations" WHERE "sessionId" = $1`, [sid]);
    await admin.post(path);
    const rows = await stage.query(`SELECT FROM "auth"."revocations" WHERE "sessionId" = $1`, [sid]);
    expect(rows).toHaveLength(1);
  });

  it('a revocation is remembered as long as any token of ours could be shown', async () => {
    const { app } = stage.service('gateway');
    const settings = app.get(AuthSettings, { strict: false });
    expect(settings.longestProofS).toBeGreaterThan(LIFE_S + DAY_S);
    const [young, old] = [crypto.randomUUID(), crypto.randomUUID()];
    await app.get(RevocationRepository, { strict: false }).add([young, old]);
    const age = (id: string, seconds: number): Promise<unknown> =>
      stage.query(
        `UPDATE "auth"."revocations" SET "revokedAt" = now() - make_interval(secs => $2) WHERE "sessionId" = $1`,
        [id, seconds],
      );
    await age(young, LIFE_S + DAY_S);
    await age(old, LIFE_S + DAY_S + 601);
    await app.get(RevocationRepository, { strict: false }).deleteOld(settings.longestProofS);
    const kept = await stage.query(`SELECT "sessionId" FROM "auth"."revocations" WHERE "sessionId" = ANY($1)`, [
      [young, old],
    ]);
    expect(kept).toEqual([{ sessionId: young }]);
  });

  it('comes with the deletion of the entity: its tokens are not good for another one of the same id', async () => {
    const { entityId, token } = await MallOrchestrator.ofNewMall(admin);
    expect((await admin.delete(`/api/v1/entities/${entityId}`)).status).toBe(204);
    await createMall(admin, { entityId });
    const api = new Api(stage.url, token);
    expect(seen(await api.post(HEARTBEAT, {}))).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
  });

  it('needs an administrator, and an entity that is there', async () => {
    const operator = await stage.as('operator');
    expect(seen(await operator.post('/api/v1/entities/mall-x/orchestrator/reset'))).toEqual({
      status: 403,
      code: 'ACCESS_DENIED',
    });
    expect(seen(await admin.post('/api/v1/entities/mall-x/orchestrator/reset'))).toEqual({
      status: 404,
      code: 'ENTITY_NOT_FOUND',
    });
  });
});

describe('tokens that are none', () => {
  const claimsOf = (orchestrator: MallOrchestrator): Record<string, unknown> => ({ ...decodeJwt(orchestrator.token) });

  it('ORC-079 unsigned, shared-secret, forged and foreign ones are refused', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const claims = claimsOf(orchestrator);
    const [{ kid = '' } = {}] = stage.service('gateway').app.get(SigningKeys, { strict: false }).publicKeys().keys;
    const jwks = JSON.stringify((await admin.get('/.well-known/jwks.json')).body.keys[0]);
    const thief = newDeviceKeys();
    const pem = String(thief.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const header = { alg: 'ES256', kid, typ: 'JWT' };
    const tokens = [
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(new TextEncoder().encode(jwks)),
      await new SignJWT(claims).setProtectedHeader(header).sign(await importPKCS8(pem, 'ES256')),
      await new SignJWT(claims)
        .setProtectedHeader({ ...header, jwk: await exportJWK(thief.publicKey) })
        .sign(await importPKCS8(pem, 'ES256')),
      swapped(orchestrator.token, { entity_id: 'mall-b' }),
      `${orchestrator.token.slice(0, -3)}AAA`,
    ];
    for (const token of tokens) {
      orchestrator.token = token;
      expect(seen(await orchestrator.heartbeat())).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
      expect(seen(await refresh(orchestrator, token))).toEqual({ status: 401, code: 'AUTH_INVALID_TOKEN' });
    }
  });

  it('ORC-083 an orchestrator is no person, and a person no orchestrator', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    for (const path of ['/api/v1/robots', '/api/v1/orchestrators', `/api/v1/entities/${orchestrator.entityId}`]) {
      expect(seen(await orchestrator.get(path))).toEqual({ status: 403, code: 'ACCESS_DENIED' });
    }
    expect(seen(await orchestrator.post('/api/v1/users', {}))).toEqual({ status: 403, code: 'ACCESS_DENIED' });
    expect(seen(await admin.post(HEARTBEAT, {}))).toEqual({ status: 403, code: 'ACCESS_DENIED' });
  });
});

/** The token with other claims under the same signature. */
function swapped(token: string, more: Record<string, unknown>): string {
  const [head, claims, signature] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(claims!, 'base64url').toString()), ...more };
  return [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}
