import { get as httpGet, type IncomingMessage } from 'node:http';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { register } from 'prom-client';
import { SYNC_REQUESTS } from '#libs/contracts';
import { Api } from '../../../../test/support/api.js';
import { SyncStage } from '../../../../test/support/sync-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

const RECORDS = 100_000;
const FULL = '/api/orchestrators/sync/full';
/** What sockets and streams may hold between a server and a reader that stands still. */
const MAX_WAITING_SHARE = 1 / 2;

let stage: SyncStage;
let admin: NatsConnection;
let pages: Subscription;
let api: Api;

beforeAll(async () => {
  stage = await SyncStage.open();
  await stage.entity('big');
  await stage.fill('big', RECORDS);
  api = await stage.orchestrator('big');
  admin = await stage.broker.connect('admin');
  pages = admin.subscribe(SYNC_REQUESTS.records.subject, { callback: () => undefined });
  await admin.flush();
}, 60_000);

afterAll(async () => {
  await admin.close();
  await stage.close();
});

/** The answer's head has come, nothing of its body was read. */
function open(signal?: AbortSignal): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${api.token ?? ''}` };
  return new Promise((resolve, reject) =>
    httpGet(stage.url + FULL, { headers, ...(signal && { signal }) }, (response) => {
      response.pause();
      resolve(response);
    }).on('error', reject),
  );
}

/** How many pages were asked for, once no more are. */
async function pagesWhenStill(): Promise<number> {
  let [last, unchanged] = [-1, 0];
  await waitFor(() => {
    const received = pages.getReceived();
    unchanged = received === last ? unchanged + 1 : 0;
    last = received;
    return unchanged === 25;
  });
  return last;
}

async function bytesSent(): Promise<number> {
  const metric = await register.getSingleMetric('muster_sync_bytes_total')?.get();
  return metric?.values.find(({ labels }) => labels.kind === 'full')?.value ?? 0;
}

it('ORC-126 ORC-107 100,000 records come whole, no faster than they are read, and every byte is counted', async () => {
  const [pagesBefore, bytesBefore] = [pages.getReceived(), await bytesSent()];
  const whole = await fetch(stage.url + FULL, { headers: { authorization: `Bearer ${api.token ?? ''}` } });
  const text = await whole.text();
  const body = JSON.parse(text);
  expect(new Set(body.data.areas.map(({ id }: { id: string }) => id)).size).toBe(RECORDS);
  expect(body.metadata.total_areas).toBe(RECORDS);
  expect((await bytesSent()) - bytesBefore).toBe(Buffer.byteLength(text));
  const allPages = pages.getReceived() - pagesBefore;

  const slow = await open();
  const waiting = (await pagesWhenStill()) - pagesBefore - allPages;
  expect(waiting).toBeGreaterThan(0);
  expect(waiting).toBeLessThan(allPages * MAX_WAITING_SHARE);
  let bytes = 0;
  for await (const chunk of slow) bytes += (chunk as Buffer).length;
  expect(bytes).toBeGreaterThan(Buffer.byteLength(text) - 100);
}, 60_000);

it('ORC-126 a client that goes away ends the work', async () => {
  const before = pages.getReceived();
  const abort = new AbortController();
  const response = await open(abort.signal);
  response.on('error', () => undefined);
  abort.abort();
  const asked = (await pagesWhenStill()) - before;
  expect(asked).toBeLessThan(60);
});

it('ORC-126 HEAD tells the checksum and reads no records', async () => {
  const before = pages.getReceived();
  const headers = { authorization: `Bearer ${api.token ?? ''}` };
  const response = await fetch(stage.url + FULL, { method: 'HEAD', headers });
  expect([response.status, response.headers.get('etag')]).toEqual([
    200,
    `"${(await api.get('/api/orchestrators/sync/checksum')).body.checksums.global}"`,
  ]);
  expect((await pagesWhenStill()) - before).toBe(0);
});

it('ORC-126 what breaks in the middle cuts the connection: no body looks whole that is not', async () => {
  await stage.entity('gone');
  await stage.fill('gone', RECORDS);
  const { token } = await stage.orchestrator('gone');
  const response = await fetch(stage.url + FULL, { headers: { authorization: `Bearer ${token ?? ''}` } });
  expect(response.status).toBe(200);
  await pagesWhenStill();
  await stage.query(`DELETE FROM "orchestrators"."entities" WHERE "entityId" = 'gone'`);
  await expect(response.text()).rejects.toThrow(/terminated/);
}, 30_000);
