import { Controller, Get } from '@nestjs/common';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { ROUTES } from '#libs/contracts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge, type Answer } from '../../../../test/support/gateway.js';
import { waitFor } from '../../../../test/support/wait.js';
import { Endpoint } from '../http/route.decorator.js';
import { Authenticator } from './authenticator.js';
import { SessionRevocations } from './sessions/session.revocations.js';
import { SigningKeys } from './tokens/signing-keys.js';
import { TokenIssuer } from './tokens/token.issuer.js';

@Controller()
class ProbeController {
  /** Somebody forgot @Endpoint. */
  @Get('/probe/forgotten')
  forgotten(): string {
    return 'must not be seen';
  }

  @Endpoint({ method: 'GET', path: '/probe/viewer', policy: 'Viewer', summary: '' }, { response: String })
  viewer(): object {
    return { ok: true };
  }

  @Endpoint({ method: 'GET', path: '/probe/operator', policy: 'Operator', summary: '' }, { response: String })
  operator(): object {
    return { ok: true };
  }
}

type Token = { accessToken: string; refreshToken: string };
const ADMIN_ONLY = [ROUTES.usersList, ROUTES.usersCreate, ROUTES.usersUpdate, ROUTES.usersDelete].concat(
  ROUTES.apiKeysList as never,
  ROUTES.apiKeysCreate as never,
  ROUTES.apiKeysDelete as never,
);

describe('who may do what', () => {
  let database: TestDatabase;
  let edge: TestEdge;
  let admin: Token;
  let operator: Token;
  let viewer: Token;

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { databaseUrl: database.url, env: TEST_PASSWORD_ENV, controllers: [ProbeController] };
    edge = await TestEdge.start(options);
    admin = await edge.logIn('admin', TEST_PASSWORDS.admin);
    operator = await edge.logIn('operator', TEST_PASSWORDS.operator);
    viewer = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
  });

  const me = (token: string): Promise<Answer> => edge.call('GET', '/api/v1/auth/me', { token });
  const asAdmin = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer> =>
    edge.call(method, path, { token: admin.accessToken, ...(body && { body }) });
  const newUser = async (username: string, roles: string[]): Promise<string> =>
    (await asAdmin('POST', '/api/v1/users', { username, password: 'a long password', roles })).body.id;
  const newKey = async (roles: string[]): Promise<{ id: string; headers: Record<string, string> }> => {
    const { body } = await asAdmin('POST', '/api/v1/api-keys', { name: 'spec', roles });
    return { id: body.id, headers: { 'x-api-key': body.apiKey, 'x-api-secret': body.apiSecret } };
  };

  it.each(ADMIN_ONLY)('ROB-009 $method $path needs a caller', async ({ method, path }) => {
    const answer = await edge.call(method, path.replace(/:\w+/, 'x'));
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'AUTH_REQUIRED' } } });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(ADMIN_ONLY)('ROB-013 $method $path is refused to an operator', async ({ method, path }) => {
    const answer = await edge.call(method, path.replace(/:\w+/, 'x'), { token: operator.accessToken });
    expect(answer).toMatchObject({
      status: 403,
      body: { error: { code: 'ACCESS_DENIED', details: { anyOf: ['admin'] } } },
    });
  });

  it('ROB-009 a handler without a policy is refused to everybody', async () => {
    const answer = await edge.call('GET', '/probe/forgotten', { token: admin.accessToken });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'ACCESS_DENIED' } } });
  });

  it('ROB-010 a viewer passes Viewer; a driver does not', async () => {
    await newUser('driver-1', ['driver', 'mobile', 'restaurant']);
    const driver = await edge.logIn('driver-1', 'a long password');
    const probe = (token: string) => edge.call('GET', '/probe/viewer', { token });
    expect((await probe(viewer.accessToken)).status).toBe(200);
    expect((await probe(admin.accessToken)).status).toBe(200);
    expect((await probe(driver.accessToken)).status).toBe(403);
    expect((await me(driver.accessToken)).status).toBe(200);
  });

  it('ROB-012 Operator admits operator and admin only', async () => {
    const probe = (token: string) => edge.call('GET', '/probe/operator', { token });
    expect((await probe(viewer.accessToken)).status).toBe(403);
    expect((await probe(operator.accessToken)).status).toBe(200);
    expect((await probe(admin.accessToken)).status).toBe(200);
  });

  it.each(['Bearer', 'Bearer ', 'Basic YTpi', 'bearer x', 'Bearer a.b.c', 'x'])(
    'the Authorization header "%s" is refused',
    async (authorization) => {
      const answer = await edge.call('GET', '/api/v1/auth/me', { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.body.error.code).toMatch(/^AUTH_(REQUIRED|INVALID_TOKEN)$/);
    },
  );

  it('PET-051 forged and unsigned tokens are refused', async () => {
    const claims = {
      iss: 'muster',
      aud: 'muster',
      sub: 'x',
      roles: ['admin'],
      exp: Math.floor(Date.now() / 1000) + 60,
    };
    const { privateKey } = await generateKeyPair('ES256');
    const { kid } = edge.app.get(SigningKeys).current();
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    for (const token of [forged, new UnsecuredJWT(claims).encode()]) {
      expect(await me(token)).toMatchObject({ status: 401, body: { error: { code: 'AUTH_INVALID_TOKEN' } } });
    }
  });

  it('an expired token is told apart', async () => {
    const { kid, signWith } = edge.app.get(SigningKeys).current();
    const expired = await new SignJWT({ roles: ['admin'], sid: 's' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer('muster')
      .setAudience('muster')
      .setSubject('x')
      .setExpirationTime(Math.floor(Date.now() / 1000) - 1)
      .sign(signWith);
    expect(await me(expired)).toMatchObject({ status: 401, body: { error: { code: 'AUTH_TOKEN_EXPIRED' } } });
  });

  it('the public key set verifies our tokens and shows no private part', async () => {
    const { body } = await edge.call('GET', '/.well-known/jwks.json');
    expect(body.keys).toEqual([
      expect.objectContaining({ kty: 'EC', crv: 'P-256', alg: 'ES256', kid: expect.any(String) }),
    ]);
    expect(body.keys[0]).not.toHaveProperty('d');
  });

  it('G1 users are created, listed without their password, and deleted', async () => {
    const created = await asAdmin('POST', '/api/v1/users', {
      username: 'ada',
      password: 'a long password',
      roles: ['viewer'],
    });
    expect(created).toMatchObject({ status: 201, body: { username: 'ada', roles: ['viewer'] } });
    const again = await asAdmin('POST', '/api/v1/users', { username: 'ADA', password: 'a long password', roles: [] });
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'USER_EXISTS' } } });
    const listed = await asAdmin('GET', '/api/v1/users?limit=500');
    expect(listed.body.items).toContainEqual(created.body);
    expect(JSON.stringify(listed.body)).not.toContain('argon2');
    expect((await me((await edge.logIn('Ada', 'a long password')).accessToken)).body.id).toBe(created.body.id);
    expect((await asAdmin('DELETE', `/api/v1/users/${created.body.id}`)).status).toBe(204);
    expect((await asAdmin('DELETE', `/api/v1/users/${created.body.id}`)).body.error.code).toBe('USER_NOT_FOUND');
    expect((await asAdmin('DELETE', '/api/v1/users/no-uuid')).status).toBe(404);
  });

  it('a list is walked page by page', async () => {
    const first = await asAdmin('GET', '/api/v1/users?limit=2');
    expect(first.body.items).toHaveLength(2);
    const second = await asAdmin('GET', `/api/v1/users?limit=2&after=${first.body.next}`);
    expect(second.body.items[0].username > first.body.items[1].username).toBe(true);
    expect((await asAdmin('GET', '/api/v1/users?limit=500')).body.next).toBeNull();
    expect((await asAdmin('GET', '/api/v1/users?limit=0')).status).toBe(400);
  });

  it.each([
    [{ username: 'x y', password: 'a long password', roles: [] }, 'username'],
    [{ username: 'bob', password: 'short', roles: [] }, 'password'],
    [{ username: 'bob', password: 'a long password', roles: ['wizard'] }, 'roles'],
    [{ username: 'bob', password: 'a long password', roles: 'admin' }, 'roles'],
    [{ username: 'bob', password: 'a long password' }, 'roles'],
  ])('G3 a bad user names the field: %j', async (body, field) => {
    const answer = await asAdmin('POST', '/api/v1/users', body);
    expect(answer).toMatchObject({ status: 400, body: { error: { details: { fields: [{ field }] } } } });
  });

  it.each(['role', 'password', 'deletion'])('a change of %s ends every token of the user', async (what) => {
    const id = await newUser(`changed-by-${what}`, ['operator']);
    const tokens = await edge.logIn(`changed-by-${what}`, 'a long password');
    const changes = { role: { roles: ['viewer'] }, password: { password: 'another password' } } as Record<
      string,
      object
    >;
    const change = changes[what];
    const { status } = change
      ? await asAdmin('PUT', `/api/v1/users/${id}`, change)
      : await asAdmin('DELETE', `/api/v1/users/${id}`);
    expect(status).toBe(change ? 200 : 204);
    expect((await me(tokens.accessToken)).status).toBe(401);
    const refreshed = await edge.call('POST', '/api/v1/auth/refresh', { body: { refreshToken: tokens.refreshToken } });
    expect(refreshed.status).toBe(401);
  });

  it('the last admin can neither be deleted nor demoted', async () => {
    const { id } = (await me(admin.accessToken)).body;
    expect((await asAdmin('DELETE', `/api/v1/users/${id}`)).body.error.code).toBe('LAST_ADMIN');
    expect((await asAdmin('PUT', `/api/v1/users/${id}`, { roles: ['viewer'] })).body.error.code).toBe('LAST_ADMIN');
    expect((await me(admin.accessToken)).status).toBe(200);
  });

  it('PET-049 an API key with its secret calls as itself until it is deleted', async () => {
    const { id, headers } = await newKey(['viewer']);
    const call = (extra: Record<string, string>) => edge.call('GET', '/api/v1/auth/me', { headers: extra });
    expect(await call(headers)).toMatchObject({
      status: 200,
      body: { kind: 'apiKey', id, name: 'spec', roles: ['viewer'], expiresAt: null },
    });
    expect((await call({ ...headers, 'x-api-secret': 'ms_wrong' })).body.error.code).toBe('AUTH_INVALID_CREDENTIALS');
    expect((await call({ ...headers, 'x-api-key': 'mk_wrong' })).body.error.code).toBe('AUTH_INVALID_CREDENTIALS');
    expect((await call({ 'x-api-key': headers['x-api-key'] ?? '' })).body.error.code).toBe('AUTH_REQUIRED');
    expect((await edge.call('GET', '/probe/operator', { headers })).status).toBe(403);
    expect((await asAdmin('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(204);
    expect((await call(headers)).status).toBe(401);
    expect((await asAdmin('DELETE', `/api/v1/api-keys/${id}`)).body.error.code).toBe('API_KEY_NOT_FOUND');
  });

  it('G4 the secret of a key is shown once and stored nowhere', async () => {
    const { headers } = await newKey(['viewer']);
    const secret = headers['x-api-secret'] ?? '';
    expect(JSON.stringify((await asAdmin('GET', '/api/v1/api-keys')).body)).not.toContain(secret);
    expect(JSON.stringify(await edge.database.query(`SELECT * FROM "auth"."apiKeys"`))).not.toContain(secret);
  });

  it('sockets prove themselves the same way and learn when it ends', async () => {
    const authenticator = edge.app.get(Authenticator);
    const ended: string[] = [];
    edge.app.get(SessionRevocations).revoked$.subscribe((sessionId) => ended.push(sessionId));
    const { accessToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    const principal = await authenticator.authenticate({ token: accessToken });
    expect(principal).toMatchObject({ kind: 'user', name: 'viewer' });
    expect(authenticator.isStanding(principal)).toBe(true);
    await edge.call('POST', '/api/v1/auth/logout', { token: accessToken });
    expect(ended).toEqual([principal.sessionId]);
    expect(authenticator.isStanding(principal)).toBe(false);
    await expect(authenticator.authenticate({})).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
  });

  it('another replica signs with the same key and hears of an ended log-in within seconds', async () => {
    const other = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV });
    try {
      const { accessToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
      const there = () => other.call('GET', '/api/v1/auth/me', { token: accessToken });
      expect((await there()).status).toBe(200);
      expect(other.app.get(SigningKeys).publicKeys()).toEqual(edge.app.get(SigningKeys).publicKeys());
      await edge.call('POST', '/api/v1/auth/logout', { token: accessToken });
      await waitFor(async () => (await there()).status === 401, 5_000);
    } finally {
      await other.stop();
    }
  });

  it('a key made by a later replica is believed without a restart', async () => {
    const { generateSigningKey } = await import('./tokens/signing-keys.js');
    const { privateJwk, ...key } = await generateSigningKey();
    await edge.database.query(
      `INSERT INTO "auth"."signingKeys" ("kid", "privateJwk", "publicJwk") VALUES ($1, $2, $3)`,
      [key.kid, JSON.stringify(privateJwk), JSON.stringify(key.publicJwk)],
    );
    const other = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV });
    try {
      const { accessToken } = await other.logIn('viewer', TEST_PASSWORDS.viewer);
      expect(other.app.get(SigningKeys).current().kid).toBe(key.kid);
      await waitFor(async () => (await me(accessToken)).status === 200, 10_000);
    } finally {
      await other.stop();
    }
  });

  it('the tokens of a person claim no more than the person has', async () => {
    const token = await edge.app.get(TokenIssuer).issue({ userId: 'x', username: 'x', roles: [] }, 'sid');
    expect((await edge.call('GET', '/probe/viewer', { token })).status).toBe(403);
  });
});
