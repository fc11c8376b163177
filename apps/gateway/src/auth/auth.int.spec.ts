import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge } from '../../../../test/support/gateway.js';

describe('log-in, refresh and log-out', () => {
  let database: TestDatabase;
  let edge: TestEdge;

  beforeAll(async () => {
    database = await createTestDatabase();
    edge = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV });
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
  });

  const logIn = (body: object, address?: string) =>
    edge.call('POST', '/api/v1/auth/login', { body, ...(address && { address }) });
  const refresh = (refreshToken: string, userAgent = 'spec') =>
    edge.call('POST', '/api/v1/auth/refresh', { body: { refreshToken }, headers: { 'user-agent': userAgent } });
  const me = (token?: string) => edge.call('GET', '/api/v1/auth/me', { token });

  it('a log-in answers a bearer pair, and the access token says who calls', async () => {
    const { status, body } = await logIn({ username: 'operator', password: TEST_PASSWORDS.operator });
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    });
    await expect(me(body.accessToken)).resolves.toMatchObject({
      status: 200,
      body: { kind: 'user', name: 'operator', roles: ['operator'], expiresAt: expect.stringMatching(/Z$/) },
    });
  });

  it('a wrong password and an unknown user get the same answer', async () => {
    const wrong = await logIn({ username: 'viewer', password: 'wrong' }, '10.1.0.1');
    const unknown = await logIn({ username: 'nobody', password: 'wrong' }, '10.1.0.1');
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'AUTH_INVALID_CREDENTIALS' } } });
    expect(unknown.body.error.message).toBe(wrong.body.error.message);
    expect(unknown.status).toBe(401);
  });

  it('an unknown user costs a password check too', async () => {
    const timed = async (username: string, address: string) => {
      const startedAt = performance.now();
      await logIn({ username, password: 'wrong' }, address);
      return performance.now() - startedAt;
    };
    await timed('viewer', '10.1.1.0');
    const known = Math.min(await timed('viewer', '10.1.1.1'), await timed('viewer', '10.1.1.2'));
    const unknown = Math.min(await timed('nobody', '10.1.1.3'), await timed('nobody2', '10.1.1.4'));
    expect(unknown).toBeGreaterThan(known / 3);
  });

  it.each([{}, { username: 'viewer' }, { username: 'viewer', password: 7 }, { username: ['viewer'], password: 'x' }])(
    'a log-in that is not one names the field: %j',
    async (body) => {
      const answer = await logIn(body);
      expect(answer).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
      expect(answer.body.error.details.fields[0].field).toMatch(/username|password/);
    },
  );

  it('a user name with a NUL is a wrong name and no failure', async () => {
    const { status } = await logIn({ username: 'a\u0000b', password: 'x' }, '10.1.2.1');
    expect([400, 401]).toContain(status);
  });

  it('a refresh token is good once and its successor goes on', async () => {
    const first = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    const second = await refresh(first.refreshToken);
    expect(second).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 900 } });
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    await expect(refresh(second.body.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it('a spent refresh token that comes back ends its whole family, access tokens included', async () => {
    const first = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    const second = await refresh(first.refreshToken);
    await expect(refresh(first.refreshToken)).resolves.toMatchObject({
      status: 401,
      body: { error: { code: 'AUTH_REFRESH_REUSED' } },
    });
    await expect(refresh(second.body.refreshToken)).resolves.toMatchObject({
      status: 401,
      body: { error: { code: 'AUTH_REFRESH_REUSED' } },
    });
    expect(await me(second.body.accessToken)).toMatchObject({ status: 401 });
  });

  it('another log-in of the same user outlives the end of a stolen one', async () => {
    const [stolen, other] = [
      await edge.logIn('viewer', TEST_PASSWORDS.viewer),
      await edge.logIn('viewer', TEST_PASSWORDS.viewer),
    ];
    await refresh(stolen.refreshToken);
    await refresh(stolen.refreshToken);
    await expect(refresh(other.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it('two refreshes at once by one client both succeed and end nothing', async () => {
    const { refreshToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    const both = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    for (const { body } of both) await expect(refresh(body.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it('a second refresh by another client is theft however quick it is', async () => {
    const { refreshToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    await refresh(refreshToken);
    await expect(refresh(refreshToken, 'thief')).resolves.toMatchObject({
      status: 401,
      body: { error: { code: 'AUTH_REFRESH_REUSED' } },
    });
  });

  it('an unknown refresh token is refused', async () => {
    await expect(refresh('mrt_unknown')).resolves.toMatchObject({
      status: 401,
      body: { error: { code: 'AUTH_INVALID_TOKEN' } },
    });
  });

  it('no token is stored, only its hash', async () => {
    const { refreshToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    const rows = await edge.database.query(`SELECT * FROM "auth"."refreshTokens"`);
    expect(JSON.stringify(rows)).not.toContain(refreshToken);
  });

  it('log-out ends the access and the refresh token', async () => {
    const { accessToken, refreshToken } = await edge.logIn('viewer', TEST_PASSWORDS.viewer);
    await expect(edge.call('POST', '/api/v1/auth/logout', { token: accessToken })).resolves.toMatchObject({
      status: 204,
    });
    await expect(me(accessToken)).resolves.toMatchObject({
      status: 401,
      body: { error: { code: 'AUTH_INVALID_TOKEN' } },
    });
    await expect(refresh(refreshToken)).resolves.toMatchObject({ status: 401 });
  });

  it('log-out with another log-in’s refresh token ends that one too', async () => {
    const [here, there] = [
      await edge.logIn('viewer', TEST_PASSWORDS.viewer),
      await edge.logIn('viewer', TEST_PASSWORDS.viewer),
    ];
    await edge.call('POST', '/api/v1/auth/logout', {
      token: here.accessToken,
      body: { refreshToken: there.refreshToken },
    });
    await expect(refresh(there.refreshToken)).resolves.toMatchObject({ status: 401 });
  });

  it('nobody is slowed down for logging in often, even at once', async () => {
    const body = { username: 'admin', password: TEST_PASSWORDS.admin };
    const statuses = await Promise.all(Array.from({ length: 15 }, () => logIn(body, '10.2.0.1')));
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('G2 guessing waits longer each time, for that address alone, until the password is right', async () => {
    const guess = () => logIn({ username: 'viewer', password: 'guess' }, '10.3.0.1');
    const statuses = [];
    for (let tries = 0; tries < 6; tries += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await guess();
    expect(refused.body.error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { retryAfterSeconds: 2 } });
    expect(refused.headers['retry-after']).toBe('2');
    const right = { username: 'VIEWER', password: TEST_PASSWORDS.viewer };
    await expect(logIn(right, '10.3.0.1')).resolves.toMatchObject({ status: 429 });
    await expect(logIn(right, '10.3.0.2')).resolves.toMatchObject({ status: 200 });
    await edge.database.query(`UPDATE "auth"."rateLimits" SET "expire" = 0 WHERE "key" LIKE 'login-wait:%'`);
    await expect(guess()).resolves.toMatchObject({ status: 401 });
    const waitsLonger = await guess();
    expect(waitsLonger.body.error.details.retryAfterSeconds).toBe(4);
    await edge.database.query(`UPDATE "auth"."rateLimits" SET "expire" = 0 WHERE "key" LIKE 'login-wait:%'`);
    await expect(logIn(right, '10.3.0.1')).resolves.toMatchObject({ status: 200 });
    await expect(guess()).resolves.toMatchObject({ status: 401 });
    await expect(guess()).resolves.toMatchObject({ status: 401 });
  });

  it('guesses sent all at once are no more than guesses sent one by one', async () => {
    const guesses = Array.from({ length: 30 }, () => logIn({ username: 'admin', password: 'x' }, '10.4.0.1'));
    const checked = (await Promise.all(guesses)).filter(({ status }) => status === 401);
    expect(checked).toHaveLength(5);
  });

  it('an address that fails with ever new names waits as well', async () => {
    await edge.database.query(`INSERT INTO "auth"."rateLimits" VALUES ('login-address:10.5.0.1', 200, $1)`, [
      Date.now() + 60_000,
    ]);
    await expect(logIn({ username: 'fresh-name', password: 'x' }, '10.5.0.1')).resolves.toMatchObject({ status: 429 });
  });
});
