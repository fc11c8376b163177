import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge } from '../../../../test/support/gateway.js';

describe('request limits', () => {
  const env = { ...TEST_PASSWORD_ENV, RATE_LIMIT_API_KEY_PER_MINUTE: '5', RATE_LIMIT_USER_PER_MINUTE: '8' };
  let database: TestDatabase;
  let edges: TestEdge[];

  beforeAll(async () => {
    database = await createTestDatabase();
    edges = [
      await TestEdge.start({ databaseUrl: database.url, env }),
      await TestEdge.start({ databaseUrl: database.url, env }),
    ];
  });

  afterAll(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await database.drop();
  });

  const replica = (index: number): TestEdge => edges[index % edges.length]!;

  it('A24 an API key has its requests a minute over all replicas together', async () => {
    const { accessToken } = await replica(0).logIn('admin', TEST_PASSWORDS.admin);
    const body = { name: 'spec', roles: ['viewer'] };
    const key = (await replica(0).call('POST', '/api/v1/api-keys', { token: accessToken, body })).body;
    const headers = { 'x-api-key': key.apiKey, 'x-api-secret': key.apiSecret };
    const answers = [];
    for (let request = 0; request < 7; request += 1) {
      answers.push(await replica(request).call('GET', '/api/v1/auth/me', { headers }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(answers.map(({ headers: sent }) => Number(sent['x-ratelimit-remaining']))).toEqual([4, 3, 2, 1, 0, 0, 0]);
    expect(answers[0]?.headers['x-ratelimit-limit']).toBe('5');
    const refused = answers[5];
    expect(refused?.body.error).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { limit: 5 } });
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(refused?.headers['x-ratelimit-reset']) * 1000).toBeGreaterThan(Date.now());
  });

  it('G2 a person has more, counted on each replica, and refused requests count', async () => {
    const { accessToken } = await replica(0).logIn('viewer', TEST_PASSWORDS.viewer);
    const statuses = [];
    for (let request = 0; request < 9; request += 1) {
      const path = request % 2 === 0 ? '/api/v1/auth/me' : '/api/v1/users';
      statuses.push((await replica(0).call('GET', path, { token: accessToken })).status);
    }
    expect(statuses).toEqual([200, 403, 200, 403, 200, 403, 200, 403, 429]);
    expect((await replica(1).call('GET', '/api/v1/auth/me', { token: accessToken })).status).toBe(200);
  });

  it('public routes are not counted', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => replica(0).call('GET', '/.well-known/jwks.json')),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});
