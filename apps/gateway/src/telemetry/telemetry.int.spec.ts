import { Controller, Logger, Module } from '@nestjs/common';
import type { Subscription } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import { type Dispatchability, ROBOTS_REQUESTS, TELEMETRY_REQUESTS } from '#libs/contracts';
import { Answers, BrokerConnection, provision } from '#libs/jetstream';
import { PlatformConfig, type RunningService, shutDown, startService } from '#libs/platform';
import { type Answer, Api } from '../../../../test/support/api.js';
import { startTestBroker, type TestBroker } from '../../../../test/support/broker.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { TEST_PASSWORD_ENV, TEST_PASSWORDS } from '../../../../test/support/gateway.js';
import { makePartitions, TelemetryModule } from '../../../../test/support/telemetry-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { GatewayModule } from '../gateway.module.js';
import { TelemetryEdgeModule } from './telemetry.module.js';

/** Knows every robot whose id does not begin with "unknown". */
@Controller()
class FakeRegistry {
  @Answers(ROBOTS_REQUESTS.dispatchability)
  dispatchability({ robotIds }: { robotIds: readonly string[] }): Dispatchability[] {
    return robotIds.map((robotId) => ({ robotId, exists: !robotId.startsWith('unknown'), isEnabled: true }));
  }
}

@Module({ imports: [GatewayModule, TelemetryEdgeModule, TelemetryModule], controllers: [FakeRegistry] })
class SpecModule {}

const ROWS = 100_000;
const START = '2026-11-20T00:00:00.000Z';
const END = '2026-11-21T03:46:40.000Z';
let broker: TestBroker;
let database: TestDatabase;
let service: RunningService;
let viewer: Api;
let admin: BrokerConnection;
let rangeRequests: Subscription;

beforeAll(async () => {
  [broker, database] = await Promise.all([startTestBroker(), createTestDatabase()]);
  Object.assign(process.env, TEST_PASSWORD_ENV, { TELEMETRY_RETENTION_DAYS: '0' });
  Logger.overrideLogger(false);
  const credsFile = broker.credsFile('admin');
  admin = await BrokerConnection.open({ url: broker.url, name: 'admin', inboxPrefix: '_INBOX_admin', credsFile });
  await provision(admin, { replicas: 1 });
  service = await startService(
    { name: 'all-in-one', module: SpecModule, configure: GatewayModule.configure },
    new PlatformConfig('all-in-one', {
      PORT: '0',
      DATABASE_URL: database.url,
      DATA_DIR: '/nowhere',
      NATS_URL: broker.url,
      NATS_CREDS: broker.credsFile('all-in-one'),
    }),
  );
  rangeRequests = admin.nc.subscribe(TELEMETRY_REQUESTS.range.subject, { callback: () => undefined });
  viewer = await Api.login(service.url, 'viewer', TEST_PASSWORDS.viewer);
  await fill();
}, 60_000);

afterAll(async () => {
  await shutDown(service.stopSteps, 10_000);
  await admin.close();
  await Promise.all([broker.stop(), database.drop()]);
});

/** One sample a second of RB-big over more than a day; three of RB-1. */
async function fill(): Promise<void> {
  const sql = service.app.get(DataSource);
  await makePartitions(service.app, ['2026-11-20', '2026-11-21']);
  await sql.query(
    `INSERT INTO telemetry.robot_telemetry_samples
     SELECT ('0193a1b2-c3d4-8000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'RB-big',
       jsonb_build_object('payload', jsonb_build_object('n', n, 'battery', n % 100, 'text', repeat('x', 100))),
       $1::timestamptz + n * interval '1 second', $1::timestamptz + n * interval '1 second', 'm-' || n
     FROM generate_series(0, $2::int - 1) n`,
    [START, ROWS],
  );
  await sql.query(
    `INSERT INTO telemetry.robot_telemetry_samples
     SELECT ('0193a1b2-c3d4-8000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 'RB-1',
       jsonb_build_object('payload', jsonb_build_object('n', n, 'position', jsonb_build_object('x', n * 1.5))),
       $1::timestamptz + n * interval '1 minute', $1::timestamptz, 'm-' || n
     FROM generate_series(0, 2) n`,
    [START],
  );
}

const of = (robotId: string, rest = ''): string => `/api/v1/robots/${robotId}/telemetry${rest}`;
const whole = `from=${START}&to=${END}`;

it('ROB-011 ROB-044 a viewer reads the latest sample, which has exactly robotId, receivedAt and payload', async () => {
  const { status, body } = await viewer.get(of('RB-1'));
  expect([status, body]).toEqual([
    200,
    { robotId: 'RB-1', receivedAt: '2026-11-20T00:02:00.000Z', payload: { n: 2, position: { x: 3 } } },
  ]);
  expect((await new Api(service.url).get(of('RB-1'))).status).toBe(401);
});

it.each([
  ['unknown-1', '', 404, 'ROBOT_NOT_FOUND'],
  ['RB-silent', '', 404, 'TELEMETRY_NOT_FOUND'],
  ['unknown-1', '/samples', 404, 'ROBOT_NOT_FOUND'],
  ['unknown-1', '/buckets?bucket=1m', 404, 'ROBOT_NOT_FOUND'],
  ['unknown-1', '/export', 404, 'ROBOT_NOT_FOUND'],
  ['a.b', '', 400, 'ROBOT_ID_INVALID'],
  ['a.b', '/buckets?bucket=1m', 400, 'ROBOT_ID_INVALID'],
  ['RB-1', '/samples?limit=1001', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/samples?limit=NaN', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/samples?from=yesterday', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/samples?order=up', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/samples?after=xyz', 400, 'CURSOR_INVALID'],
  ['RB-1', '/buckets', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/buckets?bucket=5x', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/buckets?bucket=1m&agg=sum', 400, 'VALIDATION_FAILED'],
  ['RB-1', '/buckets?bucket=1m&fields=a..b', 400, 'VALIDATION_FAILED'],
  ['RB-1', `/buckets?bucket=1s&${whole}`, 400, 'VALIDATION_FAILED'],
  ['RB-1', '/export?format=xls', 400, 'VALIDATION_FAILED'],
  ['RB-silent', '/samples', 200, undefined],
])('%s%s answers %d %s', async (robotId, rest, status, code) => {
  const answer = await viewer.get(of(robotId, rest));
  expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
});

it('samples are newest first, an array, and the Link header leads through all of them', async () => {
  const seen: number[] = [];
  let pages = 0;
  let path: string | undefined = of('RB-big', `/samples?limit=1000&${whole.replace(END, '2026-11-20T01:00:00Z')}`);
  for (; path !== undefined; pages++) {
    const { status, body, headers }: Answer<{ payload: { n: number } }[]> = await viewer.get(path);
    expect(status).toBe(200);
    seen.push(...body.map(({ payload }) => payload.n));
    const link: string | null = headers.get('link');
    path = link === null ? undefined : /^<(.*)>; rel="next"$/.exec(link)?.[1];
    expect(headers.get('x-next-cursor') === null).toBe(path === undefined);
  }
  expect(seen).toEqual(Array.from({ length: 3_600 }, (_, index) => 3_599 - index));
  expect(pages).toBe(4);
});

it.each([
  ['/samples?since=2026-11-20T00:01:00Z&until=2026-11-20T00:02:00Z', [1]],
  ['/samples?start=2026-11-20T00:00:00Z&end=2026-11-20T00:03:00Z&sort=asc', [0, 1, 2]],
  ['/samples?start=2026-11-20T02:00:00+02:00&to=2026-11-20T02:01:00%2B02:00', [0]],
])('reads the interval of %s, however its parameters are called', async (rest, expected) => {
  const { body } = await viewer.get<{ payload: { n: number } }[]>(of('RB-1', rest));
  expect(body.map(({ payload }) => payload.n)).toEqual(expected);
});

it('reads a cursor and the words for buckets by their other names', async () => {
  const first = await viewer.get(of('RB-1', `/samples?limit=1&order=asc&${whole}`));
  const cursor = first.headers.get('x-next-cursor') ?? '';
  const second = await viewer.get(of('RB-1', `/samples?limit=1&order=asc&${whole}&cursor=${cursor}`));
  expect(second.body).toMatchObject([{ payload: { n: 1 } }]);
  const { body } = await viewer.get(of('RB-1', `/buckets?interval=1d&aggregate=max&field=n&${whole}`));
  expect(body).toMatchObject([{ values: { n: 2 } }]);
});

it('an export is what the Accept header asks for', async () => {
  const headers = { accept: 'application/x-ndjson' };
  const asked = await viewer.get(of('RB-1', `/export?${whole}`), { headers });
  expect(asked.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  const told = await viewer.get(of('RB-1', `/export?format=csv&${whole}`), { headers });
  expect(told.headers.get('content-type')).toBe('text/csv; charset=utf-8');
});

it('buckets of a day come whole although one reply does not hold them', async () => {
  const fields = 'fields=battery,n&fields=n';
  const { status, body } = await viewer.get(of('RB-big', `/buckets?bucket=30s&agg=max&${fields}&${whole}`));
  expect(status).toBe(200);
  expect(body).toHaveLength(3_334);
  expect(body[0]).toEqual({ bucketStart: START, count: 30, values: { battery: 29, n: 29 } });
  expect(body.at(-1)).toEqual({
    bucketStart: '2026-11-21T03:46:30.000Z',
    count: 10,
    values: { battery: 99, n: 99_999 },
  });
  expect(body.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(ROWS);
});

function download(query: string, signal?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${viewer.token}` };
  return fetch(service.url + of('RB-big', `/export?${whole}&${query}`), { headers, ...(signal && { signal }) });
}

/** Reads to the end, keeping nothing. */
async function countLines(body: ReadableStream<Uint8Array>): Promise<number> {
  let lines = 0;
  for await (const chunk of body) for (const byte of chunk) if (byte === 0x0a) lines++;
  return lines;
}

/** How many pages were asked for, once no more are. */
async function pagesWhenStill(): Promise<number> {
  let last = -1;
  let unchanged = 0;
  await waitFor(() => {
    const received = rangeRequests.getReceived();
    unchanged = received === last ? unchanged + 1 : 0;
    last = received;
    return unchanged === 25;
  });
  return last;
}

it('an export of 100,000 samples walks pages only as fast as the client reads', async () => {
  const before = rangeRequests.getReceived();
  const response = await download('format=csv&fields=n,battery');
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-disposition')).toBe(
    'attachment; filename="telemetry-RB-big-2026-11-20T000000.000Z-2026-11-21T034640.000Z.csv"',
  );
  expect(await countLines(response.body!)).toBe(ROWS + 1);
  const allPages = rangeRequests.getReceived() - before;

  const slow = await download('format=ndjson');
  const pagesWaiting = (await pagesWhenStill()) - allPages - before;
  expect(pagesWaiting).toBeLessThan(allPages / 2);
  expect(await countLines(slow.body!)).toBe(ROWS);
}, 60_000);

it('a client that goes away ends its export', async () => {
  const before = rangeRequests.getReceived();
  const abort = new AbortController();
  const response = await download('format=ndjson', abort.signal);
  await response.body!.getReader().read();
  abort.abort();
  expect((await pagesWhenStill()) - before).toBeLessThan(100);
  expect((await viewer.get(of('RB-1'))).status).toBe(200);
});

it('an export of an interval without samples is a header alone', async () => {
  const { status, body } = await viewer.get(of('RB-silent', '/export?fields=a'));
  expect([status, body]).toEqual([200, 'robotId,receivedAt,sentAt,messageId,a\r\n']);
});
