import { randomUUID } from 'node:crypto';
import { Body, Controller } from '@nestjs/common';
import { HTTP_HEADERS, MusterError, ROUTES } from '#libs/contracts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { type Answer, TEST_PASSWORD_ENV, TEST_PASSWORDS, TestEdge } from '../../../../test/support/gateway.js';
import { waitFor } from '../../../../test/support/wait.js';
import { Endpoint } from '../http/route.decorator.js';
import { IdempotencyStore } from './idempotency.store.js';

/** What the routes below did, over both replicas. */
const effects: string[] = [];
const gates = new Map<string, Promise<void>>();

interface Order {
  readonly name: string;
  readonly fails?: 400 | 429 | 503;
}

@Controller()
class OrdersController {
  @Endpoint(ROUTES.tasksCreate, { status: 201 })
  async order(@Body() { name, fails }: Order): Promise<unknown> {
    effects.push(name);
    await gates.get(name);
    if (fails === 400) throw new MusterError('VALIDATION_FAILED', `no ${name}`);
    if (fails === 429) throw new MusterError('RATE_LIMIT_EXCEEDED', `no ${name}`);
    if (fails === 503) throw new MusterError('SERVICE_UNAVAILABLE', `no ${name}`);
    return { task_id: randomUUID(), name };
  }

  @Endpoint(ROUTES.entitiesDelete)
  drop(): void {
    effects.push('dropped');
  }

  @Endpoint(ROUTES.orchestratorsRegister, { status: 200 })
  register(@Body() body: { entity_id: string; refuse?: boolean }): unknown {
    effects.push(`registered ${body.entity_id}`);
    if (body.refuse) throw new MusterError('AUTH_INVALID_SIGNATURE', 'no');
    return { token: randomUUID() };
  }

  @Endpoint(ROUTES.entitiesCreate, { status: 201 })
  large(): unknown {
    effects.push('large');
    return { text: 'x'.repeat(300_000) };
  }
}

describe('idempotency keys', () => {
  let database: TestDatabase;
  let edges: TestEdge[];
  let token: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { databaseUrl: database.url, env: TEST_PASSWORD_ENV, controllers: [OrdersController] };
    edges = [await TestEdge.start(options), await TestEdge.start(options)];
    token = (await edges[0]!.logIn('admin', TEST_PASSWORDS.admin)).accessToken;
  });

  afterAll(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await database.drop();
  });

  const keyed = (key: string): Record<string, string> => ({ [HTTP_HEADERS.idempotencyKey]: key });
  const order = (replica: number, key: string, body: Order, as = token): Promise<Answer> =>
    edges[replica]!.call('POST', ROUTES.tasksCreate.path, { token: as, headers: keyed(key), body });
  const effectsOf = (name: string): number => effects.filter((effect) => effect === name).length;
  const isReplay = ({ headers }: Answer): boolean => headers[HTTP_HEADERS.idempotencyReplayed] === 'true';

  it('ORC-104 answers a repeat on another replica as the first request was answered, with one effect', async () => {
    const key = randomUUID();
    const first = await order(0, key, { name: 'once' });
    const repeat = await order(1, key, { name: 'once' });
    expect(first).toMatchObject({ status: 201, body: { name: 'once' } });
    expect(repeat).toMatchObject({ status: 201, body: first.body });
    expect(repeat.headers['content-type']).toBe(first.headers['content-type']);
    expect([first, repeat].map(isReplay)).toEqual([false, true]);
    expect(effectsOf('once')).toBe(1);
  });

  it('ORC-104 runs one of many requests with one key at the same time, and tells the others to come back', async () => {
    const key = randomUUID();
    let open: () => void = () => undefined;
    gates.set('gated', new Promise((resolve) => (open = resolve)));
    const running = Array.from({ length: 6 }, (_, index) => order(index % 2, key, { name: 'gated' }));
    const early = await waitForRefusals(running, 5);
    open();
    const answers = await Promise.all(running);
    expect(early.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(
      Array.from({ length: 5 }, () => [409, '1']),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(early[0]!.body.error.code).toBe('REQUEST_IN_FLIGHT');
    expect((await order(1, key, { name: 'gated' })).status).toBe(201);
    expect(effectsOf('gated')).toBe(1);
  });

  it('C35 refuses a key that comes with another request', async () => {
    const key = randomUUID();
    await order(0, key, { name: 'first' });
    const other = await order(1, key, { name: 'other' });
    expect(other).toMatchObject({ status: 422, body: { error: { code: 'IDEMPOTENCY_KEY_REUSED' } } });
    expect(effectsOf('other')).toBe(0);
  });

  it('C35 keeps refusals and forgets failures of ours and limits', async () => {
    const statuses: [number, boolean][] = [];
    for (const fails of [400, 503, 429] as const) {
      const key = randomUUID();
      await order(0, key, { name: `fails ${fails}`, fails });
      const repeat = await order(1, key, { name: `fails ${fails}`, fails });
      statuses.push([repeat.status, isReplay(repeat)]);
    }
    expect(statuses).toEqual([
      [400, true],
      [503, false],
      [429, false],
    ]);
    expect([400, 503, 429].map((status) => effectsOf(`fails ${status}`))).toEqual([1, 2, 2]);
  });

  it('repeats an answer without a body, also when an empty one is announced', async () => {
    const drop = (more: Record<string, string>): Promise<Answer> =>
      edges[1]!.call('DELETE', '/api/v1/entities/mall-a', { token, headers: { ...keyed('drop-1'), ...more } });
    const answers = [await drop({ 'content-type': 'application/json' }), await drop({})];
    expect(answers.map((answer) => [answer.status, answer.body, isReplay(answer)])).toEqual([
      [204, '', false],
      [204, '', true],
    ]);
    expect(effectsOf('dropped')).toBe(1);
  });

  it('C35 is one key per caller', async () => {
    const { accessToken } = await edges[0]!.logIn('operator', TEST_PASSWORDS.operator);
    const key = randomUUID();
    await order(0, key, { name: 'mine' });
    const theirs = await order(0, key, { name: 'mine' }, accessToken);
    expect(theirs.status).toBe(201);
    expect(effectsOf('mine')).toBe(2);
  });

  it('a repeat is authenticated and judged by the policy as every request', async () => {
    const key = randomUUID();
    await order(0, key, { name: 'guarded' });
    const { accessToken } = await edges[0]!.logIn('viewer', TEST_PASSWORDS.viewer);
    expect((await order(0, key, { name: 'guarded' }, 'no-token')).status).toBe(401);
    expect((await order(0, key, { name: 'guarded' }, accessToken)).status).toBe(403);
  });

  it('on a public route only the same proof gets the answer again, and refusals are not kept', async () => {
    const register = (signature: string, body: object): Promise<Answer> =>
      edges[0]!.call('POST', ROUTES.orchestratorsRegister.path, {
        headers: { ...keyed('register-1'), [HTTP_HEADERS.signature]: signature },
        body,
      });
    const first = await register('signed', { entity_id: 'mall-b' });
    expect((await register('signed', { entity_id: 'mall-b' })).body).toEqual(first.body);
    expect((await register('forged', { entity_id: 'mall-b' })).body).not.toEqual(first.body);
    const body = { entity_id: 'mall-c', refuse: true };
    const refusals = [await register('signed', body), await register('signed', body)];
    expect(refusals.map((answer) => [answer.status, isReplay(answer)])).toEqual([
      [401, false],
      [401, false],
    ]);
  });

  it('stores neither key nor answer in clear', async () => {
    const key = randomUUID();
    const { body } = await order(0, key, { name: 'secret-name' });
    const rows = await edges[0]!.database.query(`SELECT * FROM "auth"."idempotentRequests" WHERE "answer" IS NOT NULL`);
    const bytes = Buffer.concat(
      rows.flatMap((row: Record<string, unknown>) => Object.values(row).filter((value) => Buffer.isBuffer(value))),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const secret of [key, body.task_id, 'secret-name']) expect(bytes.includes(secret)).toBe(false);
  });

  it('does not keep what is large', async () => {
    const call = (): Promise<Answer> =>
      edges[0]!.call('POST', ROUTES.entitiesCreate.path, { token, headers: keyed('large-1'), body: {} });
    expect([(await call()).status, (await call()).status]).toEqual([201, 201]);
    expect(effectsOf('large')).toBe(2);
  });

  it('refuses a key that is none', async () => {
    const answer = await order(0, 'with space', { name: 'unreadable' });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
  });

  it('ORC-104 counts anew after 24 hours, and the sweep forgets', async () => {
    const key = randomUUID();
    await order(0, key, { name: 'old' });
    const { database: postgres } = edges[0]!;
    const age = `UPDATE "auth"."idempotentRequests" SET "expiresAt" = "expiresAt" - interval '24 hours'`;
    await postgres.query(age);
    const again = await order(0, key, { name: 'old' });
    expect([again.status, isReplay(again)]).toEqual([201, false]);
    expect(effectsOf('old')).toBe(2);
    await postgres.query(age);
    await edges[0]!.app.get(IdempotencyStore).sweep();
    expect(await postgres.query(`SELECT 1 FROM "auth"."idempotentRequests"`)).toEqual([]);
  });

  it('runs a request again whose gateway died in the middle, when its lease has ended', async () => {
    const store = edges[0]!.app.get(IdempotencyStore);
    const attempt = { keyHash: Buffer.from('died'), fingerprint: Buffer.from('request') };
    const dead = await store.claim(attempt);
    expect(await store.claim(attempt)).toEqual({ outcome: 'running' });
    await edges[0]!.database.query(`UPDATE "auth"."idempotentRequests" SET "leaseUntil" = now()`);
    const next = await store.claim(attempt);
    expect([dead.outcome, next.outcome]).toEqual(['claimed', 'claimed']);
    if (dead.outcome === 'claimed') await store.complete(dead.claim, Buffer.from('too late'));
    expect(await store.claim(attempt)).toEqual({ outcome: 'running' });
    await edges[0]!.database.query(`UPDATE "auth"."idempotentRequests" SET "leaseUntil" = now()`);
    expect(await store.claim({ ...attempt, fingerprint: Buffer.from('other') })).toEqual({ outcome: 'reused' });
  });
});

/** The answers of those that do not wait, as soon as there are `count`. */
async function waitForRefusals(running: readonly Promise<Answer>[], count: number): Promise<Answer[]> {
  const answered: Answer[] = [];
  for (const answer of running) void answer.then((value) => answered.push(value));
  await waitFor(() => answered.length >= count);
  return [...answered];
}
