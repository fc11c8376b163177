import { Body, Controller, Param } from '@nestjs/common';
import { MusterError, type Route, ROUTES } from '#libs/contracts';
import { connectDataSource } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { type Answer, TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge } from '../../../../test/support/gateway.js';
import { waitFor } from '../../../../test/support/wait.js';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';
import { Endpoint } from '../http/route.decorator.js';
import { AuditRepository } from './audit.repository.js';

@Controller()
class MallController {
  @Endpoint(ROUTES.entitiesDelete)
  drop(@Param('entityId') entityId: string): void {
    if (entityId === 'none') throw new MusterError('ENTITY_NOT_FOUND', 'no');
  }

  @Endpoint(ROUTES.orchestratorsRegister, { status: 200 })
  register(@Body() { private: secret }: { private: string }): unknown {
    if (secret !== 'good') throw new MusterError('AUTH_INVALID_SIGNATURE', 'no');
    return { token: 'issued-secret' };
  }

  @Endpoint(ROUTES.orchestratorsBatch, { status: 200 })
  batch(): void {}
}

describe('audit log', () => {
  let database: TestDatabase;
  let edge: TestEdge;
  let admin: string;
  let viewer: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    edge = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV, controllers: [MallController] });
    admin = (await edge.logIn('admin', TEST_PASSWORDS.admin)).accessToken;
    viewer = (await edge.logIn('viewer', TEST_PASSWORDS.viewer)).accessToken;
  });

  afterAll(async () => {
    await edge.stop();
    await database.drop();
  });

  const search = (query = ''): Promise<Answer> => edge.call('GET', `/api/v1/audit${query}`, { token: admin });
  const send = ({ method, path }: Route, call: object, ids: Record<string, string> = {}): Promise<Answer> =>
    edge.call(
      method,
      path.replace(/:(\w+)/g, (_match, name: string) => ids[name] ?? 'x'),
      call,
    );
  const found = (query: string): Promise<any[]> =>
    waitFor(async () => {
      const { body } = await search(query);
      return body.length > 0 && body;
    });

  it('ORC-130 writes down who changed what, and what came of it', async () => {
    await send(ROUTES.entitiesDelete, { token: admin, address: '10.9.9.9' }, { entityId: 'mall-a' });
    const [entry] = await found('?entity_id=mall-a');
    expect(entry).toMatchObject({
      actor: expect.stringMatching(/^user:/),
      actor_name: 'admin',
      actor_kind: 'user',
      roles: ['admin'],
      action: 'entitiesDelete',
      entity_id: 'mall-a',
      targets: { entityId: 'mall-a' },
      status: 204,
      code: null,
      address: '10.9.9.9',
      user_agent: 'spec',
      count: 1,
    });
    expect(Date.parse(entry.at)).toBeGreaterThan(Date.now() - 60_000);
    await send(ROUTES.entitiesDelete, { token: admin }, { entityId: 'none' });
    expect((await found('?entity_id=none'))[0]).toMatchObject({ status: 404, code: 'ENTITY_NOT_FOUND' });
  });

  it('ORC-130 writes down each kind of auth failure', async () => {
    await send(ROUTES.entitiesDelete, { token: viewer }, { entityId: 'mall-b' });
    await send(ROUTES.me, {});
    await send(ROUTES.me, { token: 'ey.forged.token' });
    await send(ROUTES.orchestratorsRegister, { body: { private: 'forged-secret' } });
    await edge.call('POST', ROUTES.login.path, { body: { username: 'admin', password: 'wrong-secret' } });
    const refused = await waitFor(async () => {
      const { body } = await search('?outcome=refused');
      return body.length >= 5 && body;
    });
    expect(refused.map(({ action, code, actor_name }: any) => [action, code, actor_name]).reverse()).toEqual([
      ['entitiesDelete', 'ACCESS_DENIED', 'viewer'],
      ['me', 'AUTH_REQUIRED', null],
      ['me', 'AUTH_INVALID_TOKEN', null],
      ['orchestratorsRegister', 'AUTH_INVALID_SIGNATURE', null],
      ['login', 'AUTH_INVALID_CREDENTIALS', null],
    ]);
    expect(refused[0].targets).toEqual({ username: 'admin' });
    await edge.call('POST', ROUTES.login.path, {
      body: { username: `a\n${'b'.repeat(98)}`, password: 'wrong-secret' },
    });
    await edge.call('POST', ROUTES.login.path, { body: { username: ['admin'], password: 'wrong-secret' } });
    const [latest] = await waitFor(async () => {
      const { body } = await search('?outcome=refused');
      return body.length >= 6 && body;
    });
    expect(latest.targets).toEqual({ username: `a\n${'b'.repeat(98)}` });
  });

  it('writes down what lets somebody in, without bodies, tokens or secrets', async () => {
    await send(ROUTES.orchestratorsRegister, { body: { private: 'good' }, headers: { 'x-signature': 'sig-secret' } });
    expect((await found('?action=orchestratorsRegister&outcome=done'))[0]).toMatchObject({ actor: null, status: 200 });
    const text = JSON.stringify(await edge.database.query(`SELECT * FROM "auth"."auditLog"`));
    expect(text).not.toMatch(/secret|good|eyJ/);
    expect(text).not.toContain(TEST_PASSWORDS.admin);
  });

  it('leaves out reads and what devices report', async () => {
    const scope = { role: 'orchestrator', entityId: 'mall-quiet', aliases: [] } as const;
    const grant = { id: 'orch-1', scope, sessionId: '00000000-0000-4000-8000-000000000001', lifeS: 60 };
    const { token } = await edge.app.get(TokenIssuer).issueToMachine(grant);
    expect((await send(ROUTES.orchestratorsBatch, { token, body: {} })).status).toBe(200);
    expect((await send(ROUTES.entitiesDelete, { token }, { entityId: 'mall-loud' })).status).toBe(403);
    const entries = await found('?actor=orchestrator:orch-1');
    expect(entries.map(({ action, entity_id }) => [action, entity_id])).toEqual([['entitiesDelete', 'mall-quiet']]);
    expect((await search('?action=auditSearch')).body).toEqual([]);
  });

  it('bounds a flood: equal failures of a minute are one entry and one count', async () => {
    const other = await TestEdge.start({ databaseUrl: database.url, env: TEST_PASSWORD_ENV });
    for (let request = 0; request < 50; request += 1) {
      await other.call('GET', ROUTES.me.path, { address: '10.6.6.6', token: 'forged' });
    }
    await other.stop();
    const rows = await edge.database.query(
      `SELECT "count" FROM "auth"."auditLog" WHERE "address" = '10.6.6.6' ORDER BY "auditId"`,
    );
    expect(rows).toEqual([{ count: 1 }, { count: 49 }]);
  });

  it('an entry is stored when the process ends right after the answer', async () => {
    const other = await TestEdge.start({
      databaseUrl: database.url,
      env: TEST_PASSWORD_ENV,
      controllers: [MallController],
    });
    const paths = Array.from({ length: 40 }, (_, index) => `/api/v1/entities/last-${index}`);
    await Promise.all(paths.map((path) => other.call('DELETE', path, { token: admin })));
    await other.stop();
    const rows = await edge.database.query(`SELECT 1 FROM "auth"."auditLog" WHERE "entityId" LIKE 'last-%'`);
    expect(rows).toHaveLength(40);
  });

  it('pages newest first, by filters and instants', async () => {
    const since = new Date().toISOString();
    for (const mall of ['p-1', 'p-2', 'p-3']) await send(ROUTES.entitiesDelete, { token: admin }, { entityId: mall });
    await found('?entity_id=p-3');
    const first = await search(`?from=${since}&action=entitiesDelete&limit=2`);
    const second = await search(`?from=${since}&action=entitiesDelete&after=${String(first.headers['x-next-cursor'])}`);
    const malls = [...first.body, ...second.body].map(({ entity_id }) => entity_id);
    expect(malls).toEqual(['p-3', 'p-2', 'p-1']);
    expect(second.headers['x-next-cursor']).toBeUndefined();
    expect((await search(`?to=${since}&entity_id=p-1`)).body).toEqual([]);
    expect((await search('?after=nonsense')).body.error.code).toBe('CURSOR_INVALID');
    expect((await search('?from=yesterday')).status).toBe(400);
    expect((await edge.call('GET', '/api/v1/audit', { token: viewer })).status).toBe(403);
  });

  it('is append-only: even its owner can neither change nor drop an entry of the last 30 days', async () => {
    const postgres = await connectDataSource({ url: database.url, applicationName: 'spec', poolSize: 1 });
    const before = await postgres.query(`SELECT count(*)::int AS n FROM "auth"."auditLog"`);
    await postgres.query(`SET muster.audit_sweep = 'on'`);
    for (const sql of [
      `UPDATE "auth"."auditLog" SET "actor" = 'nobody'`,
      `DELETE FROM "auth"."auditLog"`,
      `TRUNCATE "auth"."auditLog"`,
    ]) {
      await expect(postgres.query(sql)).rejects.toThrow('append-only');
    }
    await postgres.query(`SELECT "auth"."sweepAudit"(0, 1000)`);
    expect(await postgres.query(`SELECT count(*)::int AS n FROM "auth"."auditLog"`)).toEqual(before);
    await postgres.destroy();
  });

  it('forgets by the page what is older than the retention', async () => {
    const repository = edge.app.get(AuditRepository);
    const [sample] = await repository.find({ filter: {}, limit: 1 });
    const old = { ...sample!, at: new Date(Date.now() - 40 * 86_400_000), entityId: 'old-mall' };
    await repository.insert([old, old, old]);
    expect(await repository.sweep(45, 100)).toBe(0);
    expect([await repository.sweep(31, 2), await repository.sweep(31, 2)]).toEqual([2, 1]);
    expect((await search('?entity_id=old-mall')).body).toEqual([]);
  });
});
