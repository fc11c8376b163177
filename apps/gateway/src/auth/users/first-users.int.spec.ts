import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TestEdge } from '../../../../../test/support/gateway.js';

describe('first users', () => {
  let database: TestDatabase;
  let dataDir: string;
  const edges: TestEdge[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    dataDir = mkdtempSync(join(tmpdir(), 'muster-test-users-'));
  });

  afterEach(async () => {
    await Promise.all(edges.splice(0).map((edge) => edge.stop({ keepData: true })));
    rmSync(dataDir, { recursive: true, force: true });
    await database.drop();
  });

  const start = async (env: Record<string, string> = {}): Promise<TestEdge> => {
    const edge = await TestEdge.start({ databaseUrl: database.url, dataDir, env });
    edges.push(edge);
    return edge;
  };
  const file = (): string => join(dataDir, 'credentials.json');
  const passwords = (): Record<string, string> => JSON.parse(readFileSync(file(), 'utf8'));
  const logInStatus = async (edge: TestEdge, username: string, password: string): Promise<number> =>
    (await edge.call('POST', '/api/v1/auth/login', { body: { username, password } })).status;

  it('without passwords in the environment they are generated into a file for its owner alone', async () => {
    const edge = await start();
    expect(Object.keys(passwords()).toSorted()).toEqual(['admin', 'operator', 'viewer']);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    for (const [username, password] of Object.entries(passwords())) {
      expect(await logInStatus(edge, username, password)).toBe(200);
    }
  });

  it('a second start changes nothing', async () => {
    await start();
    const before = readFileSync(file(), 'utf8');
    const again = await start();
    expect(readFileSync(file(), 'utf8')).toBe(before);
    expect(await logInStatus(again, 'admin', passwords()['admin'] ?? '')).toBe(200);
  });

  it('passwords in a file from before are used', async () => {
    writeFileSync(file(), JSON.stringify({ admin: 'from-before', operator: 'op-before' }));
    const edge = await start();
    expect(await logInStatus(edge, 'admin', 'from-before')).toBe(200);
    expect(passwords()).toMatchObject({ admin: 'from-before', viewer: expect.stringMatching(/^[\w-]{20}$/) });
  });

  it('passwords of the environment are not written anywhere', async () => {
    const edge = await start(TEST_PASSWORD_ENV);
    expect(() => readFileSync(file())).toThrow(/ENOENT/);
    expect(await logInStatus(edge, 'viewer', TEST_PASSWORD_ENV.VIEWER_PASSWORD)).toBe(200);
  });

  it('a changed password of the environment holds and ends the old log-ins', async () => {
    const before = await start(TEST_PASSWORD_ENV);
    const { refreshToken } = await before.logIn('admin', TEST_PASSWORD_ENV.ADMIN_PASSWORD);
    const after = await start({ ...TEST_PASSWORD_ENV, ADMIN_PASSWORD: 'changed-password' });
    expect(await logInStatus(after, 'admin', 'changed-password')).toBe(200);
    expect(await logInStatus(after, 'admin', TEST_PASSWORD_ENV.ADMIN_PASSWORD)).toBe(401);
    const refreshed = await after.call('POST', '/api/v1/auth/refresh', { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
  });

  it('a first user that was deleted stays deleted', async () => {
    const edge = await start();
    const { accessToken } = await edge.logIn('admin', passwords()['admin'] ?? '');
    const { body } = await edge.call('GET', '/api/v1/users', { token: accessToken });
    const viewer = body.items.find(({ username }: { username: string }) => username === 'viewer');
    await edge.call('DELETE', `/api/v1/users/${viewer.id}`, { token: accessToken });
    const again = await start();
    expect(await logInStatus(again, 'viewer', passwords()['viewer'] ?? '')).toBe(401);
  });

  it('replicas that start at once make one set of users and one signing key', async () => {
    const started = await Promise.all([start(), start(), start()]);
    const [edge] = started;
    expect(await edge!.database.query(`SELECT count(*) AS n FROM "auth"."users"`)).toEqual([{ n: 3 }]);
    expect(await edge!.database.query(`SELECT count(*) AS n FROM "auth"."signingKeys"`)).toEqual([{ n: 1 }]);
    for (const each of started) expect(await logInStatus(each, 'admin', passwords()['admin'] ?? '')).toBe(200);
  });
});
