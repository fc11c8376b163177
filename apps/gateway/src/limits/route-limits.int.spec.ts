import { Body, Controller } from '@nestjs/common';
import { HTTP_HEADERS, MusterError, RATE_LIMITS, type Route, ROUTES } from '#libs/contracts';
import type { MachineScope } from '#libs/auth';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { type Answer, TEST_PASSWORD_ENV, TestEdge } from '../../../../test/support/gateway.js';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';
import { Endpoint } from '../http/route.decorator.js';

@Controller()
class FleetController {
  @Endpoint(ROUTES.orchestratorsSyncDelta, { status: 200 })
  delta(): void {}

  @Endpoint(ROUTES.orchestratorsTaskStatus, { status: 200 })
  status(@Body() { fails }: { readonly fails?: true } = {}): void {
    if (fails) throw new MusterError('TASK_NOT_FOUND', 'no');
  }

  @Endpoint(ROUTES.orchestratorsCompleteTask, { status: 200 })
  complete(): void {}

  @Endpoint(ROUTES.beaconsHeartbeat, { status: 200 })
  beaconHeartbeat(): void {}

  @Endpoint(ROUTES.firmwareStatus, { status: 200 })
  firmware(): void {}

  @Endpoint(ROUTES.orchestratorsHeartbeat, { status: 200 })
  heartbeat(): void {}
}

describe('limits of routes', () => {
  let database: TestDatabase;
  let edges: TestEdge[];
  let issued = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    const options = { databaseUrl: database.url, env: TEST_PASSWORD_ENV, controllers: [FleetController] };
    edges = [await TestEdge.start(options), await TestEdge.start(options)];
  });

  afterAll(async () => {
    await Promise.all(edges.map((edge) => edge.stop()));
    await database.drop();
  });

  /** A token of a device that nobody has seen before, unless named. */
  async function device(role: MachineScope['role'] = 'orchestrator', id = `device-${(issued += 1)}`): Promise<string> {
    const scope = { role, entityId: 'mall-a', aliases: [] };
    const grant = { id, scope, sessionId: `00000000-0000-4000-8000-${String(issued).padStart(12, '0')}`, lifeS: 600 };
    return (await edges[0]!.app.get(TokenIssuer).issueToMachine(grant)).token;
  }

  interface Burst {
    readonly token: string;
    readonly count: number;
    readonly headers?: Record<string, string>;
    readonly body?: object;
  }

  /** Requests over both replicas in turn, several at a time; answers them in the order in which they were sent. */
  async function burst({ method, path }: Route, { token, count, headers = {}, body }: Burst): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let sent = 0; sent < count; sent += 20) {
      const part = Array.from({ length: Math.min(20, count - sent) }, (_, index) =>
        edges[index % 2]!.call(method, path, { token, headers, ...(method === 'POST' ? { body: body ?? {} } : {}) }),
      );
      answers.push(...(await Promise.all(part)));
    }
    return answers;
  }

  const refusedOf = (answers: readonly Answer[]): number => answers.filter(({ status }) => status === 429).length;

  it.each([
    ['ORC-094', ROUTES.orchestratorsSyncDelta, RATE_LIMITS.syncDelta],
    ['ORC-095', ROUTES.firmwareStatus, RATE_LIMITS.firmwareStatus],
    ['ORC-097', ROUTES.beaconsHeartbeat, RATE_LIMITS.beacons],
  ] as const)('%s a group has its points a minute over all replicas', async (_id, route, { points }) => {
    const token = await device();
    expect(refusedOf(await burst(route, { token, count: points }))).toBe(0);
    const [over] = await burst(route, { token, count: 1 });
    expect(over).toMatchObject({ status: 429, body: { error: { code: 'RATE_LIMIT_EXCEEDED' } } });
    expect(over!.headers).toMatchObject({
      [HTTP_HEADERS.rateLimit]: String(points),
      [HTTP_HEADERS.rateRemaining]: '0',
    });
    expect(Number(over!.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(over!.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(Number(over!.headers[HTTP_HEADERS.rateReset]) * 1000).toBeGreaterThan(Date.now());
  });

  it('ORC-094 of twenty at once on both replicas ten pass, each in a place of its own', async () => {
    const answers = await burst(ROUTES.orchestratorsSyncDelta, { token: await device(), count: 20 });
    expect(refusedOf(answers)).toBe(10);
    const places = answers
      .map((answer) => Number(answer.headers[HTTP_HEADERS.rateRemaining]))
      .toSorted((a, b) => b - a);
    expect(places.slice(0, 11)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
  });

  it('counts on each replica while the shared table is away', async () => {
    const token = await device();
    await edges[0]!.database.query('ALTER TABLE "auth"."rateLimits" RENAME TO "rateLimitsAway"');
    try {
      const answers = await burst(ROUTES.orchestratorsSyncDelta, { token, count: 30 });
      expect(refusedOf(answers)).toBe(10);
    } finally {
      await edges[0]!.database.query('ALTER TABLE "auth"."rateLimitsAway" RENAME TO "rateLimits"');
    }
  });

  it('does not wait longer than seconds for a table that does not answer', async () => {
    const token = await device();
    const holder = edges[1]!.database.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE "auth"."rateLimits" IN ACCESS EXCLUSIVE MODE');
    const startedAt = performance.now();
    try {
      const answer = await edges[0]!.call('POST', ROUTES.orchestratorsHeartbeat.path, { token, body: {} });
      expect(answer.status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    } finally {
      await holder.rollbackTransaction();
      await holder.release();
    }
  });

  it('ORC-096 60 status and 40 complete posts share one hundred, the 101st is refused', async () => {
    const token = await device();
    const answers = [
      ...(await burst(ROUTES.orchestratorsTaskStatus, { token, count: 60 })),
      ...(await burst(ROUTES.orchestratorsCompleteTask, { token, count: 40 })),
    ];
    expect(refusedOf(answers)).toBe(0);
    const [over] = await burst(ROUTES.orchestratorsCompleteTask, { token, count: 1 });
    expect(over!.status).toBe(429);
    const [another] = await burst(ROUTES.orchestratorsCompleteTask, { token: await device('robot'), count: 1 });
    expect(another!.status).toBe(200);
  });

  it('A24 does not count the repeat of an answered request, and refused ones keep no answer', async () => {
    const token = await device();
    const headers = { [HTTP_HEADERS.idempotencyKey]: 'report-1' };
    await burst(ROUTES.orchestratorsTaskStatus, { token, count: 1, headers });
    await burst(ROUTES.orchestratorsTaskStatus, { token, count: 99 });
    const [late] = await burst(ROUTES.orchestratorsTaskStatus, { token, count: 1, headers: keyOf('report-2') });
    const repeats = await burst(ROUTES.orchestratorsTaskStatus, { token, count: 30, headers });
    expect(late!.status).toBe(429);
    expect(repeats.every((answer) => answer.headers[HTTP_HEADERS.idempotencyReplayed] === 'true')).toBe(true);
  });

  it('ORC-099 a request after Retry-After succeeds', async () => {
    const token = await device();
    await burst(ROUTES.orchestratorsSyncDelta, { token, count: 11 });
    const windows = `UPDATE "auth"."rateLimits" SET "expire" = $1 WHERE "key" LIKE 'route-syncDelta%'`;
    await edges[0]!.database.query(windows, [Date.now() - 1]);
    const fresh = await TestEdge.start({
      databaseUrl: database.url,
      env: TEST_PASSWORD_ENV,
      controllers: [FleetController],
    });
    try {
      expect((await fresh.call('GET', ROUTES.orchestratorsSyncDelta.path, { token })).status).toBe(200);
    } finally {
      await fresh.stop();
    }
  });

  it('shows the tighter limit, and a route without one shows the caller’s own', async () => {
    const token = await device();
    const [delta] = await burst(ROUTES.orchestratorsSyncDelta, { token, count: 1 });
    const [plain] = await burst(ROUTES.orchestratorsHeartbeat, { token, count: 1 });
    expect([delta, plain].map((answer) => answer!.headers[HTTP_HEADERS.rateLimit])).toEqual(['10', '6000']);
  });

  it('a group is configurable', async () => {
    const own = await TestEdge.start({
      databaseUrl: database.url,
      env: { ...TEST_PASSWORD_ENV, RATE_LIMIT_TASKS_PER_MINUTE: '2' },
      controllers: [FleetController],
    });
    try {
      const token = await device();
      const post = (): Promise<Answer> =>
        own.call('POST', ROUTES.orchestratorsTaskStatus.path, { token, body: { fails: true } });
      const answers = [await post(), await post(), await post()];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 429]);
    } finally {
      await own.stop();
    }
  });
});

const keyOf = (key: string): Record<string, string> => ({ [HTTP_HEADERS.idempotencyKey]: key });
