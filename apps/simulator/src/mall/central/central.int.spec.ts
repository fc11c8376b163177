import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { waitFor } from '../../../../../test/support/wait.js';
import { silentLog } from '../../log.js';
import { SealedFiles } from '../store/sealed.file.js';
import { reconnectDelayMs } from './backoff.js';
import { CentralAwayError, CentralClient, CentralRefusedError } from './central.client.js';
import { EventStream, type ReceivedEvent, WATCHDOG_MS } from './event.stream.js';

const IDENTITY = { entityId: 'mall-a', assignedId: 'orch-mall-a-001', token: 'token' };

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[];
let clock: ManualClock;
let stopping: AbortController;
let directory: string;

beforeEach(async () => {
  asked = [];
  clock = new ManualClock();
  stopping = new AbortController();
  directory = mkdtempSync(join(tmpdir(), 'muster-central-'));
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  stopping.abort();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

/** Lets time pass until a promise is settled: each wait that was begun is over at once. */
async function passTime<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  void promise.catch(() => undefined).finally(() => (settled = true));
  await waitFor(() => {
    clock.advance(60_000);
    return settled;
  });
  return promise;
}

const client = (): CentralClient =>
  new CentralClient({ url, identity: () => IDENTITY, clock, log: silentLog, signal: stopping.signal });

describe('asking the central server', () => {
  it('ORC-103 asks again at once and then with growing pauses, five times in all', async () => {
    answer = (_request, response) => response.writeHead(503).end();
    await expect(passTime(client().get('/x'))).rejects.toBeInstanceOf(CentralAwayError);
    expect(asked).toHaveLength(6);
    expect(clock.waits).toEqual([0, 1_000, 2_000, 4_000, 8_000]);
  });

  it('ORC-104 repeats a write with one idempotency key, and waits as long as it is told', async () => {
    answer = (_request, response) =>
      asked.length === 1
        ? response.writeHead(429, { 'retry-after': '7' }).end()
        : response.writeHead(200).end(JSON.stringify({ ok: true }));
    await expect(passTime(client().post('/x', {}))).resolves.toEqual({ ok: true });
    const keys = asked.map(({ headers }) => headers['x-idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(keys).size).toBe(1);
    expect(clock.waits).toEqual([7_000]);
    expect(asked[0]!.headers).toMatchObject({ authorization: 'Bearer token', 'x-entity-id': 'mall-a' });
  });

  it('takes a refusal for an answer', async () => {
    answer = (_request, response) => response.writeHead(409).end(JSON.stringify({ error: { code: 'TASK_FINAL' } }));
    await expect(client().post('/x', {})).rejects.toMatchObject({ status: 409, code: 'TASK_FINAL' });
    await expect(client().post('/x', {})).rejects.toBeInstanceOf(CentralRefusedError);
    expect(asked).toHaveLength(2);
  });
});

describe('the event stream', () => {
  const seen: ReceivedEvent[] = [];
  const streamOf = (): EventStream =>
    new EventStream({
      url,
      identity: () => IDENTITY,
      files: new SealedFiles(directory),
      clock,
      log: silentLog,
      signal: stopping.signal,
      handle: (event) => {
        seen.push(event);
        return event.name === 'broken' ? Promise.reject(new Error('no')) : Promise.resolve();
      },
      refused: () => Promise.resolve(),
    });

  const send = (response: ServerResponse, id: string, event: string, data: object): boolean =>
    response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

  beforeEach(() => seen.splice(0));

  it('ORC-068 waits 5, 10, 20, 40 and then 60 seconds, again and again', async () => {
    expect(Array.from({ length: 8 }, (_, n) => reconnectDelayMs(n) / 1_000)).toEqual([5, 10, 20, 40, 60, 60, 60, 60]);
    answer = (_request, response) => response.writeHead(503).end();
    const running = streamOf().run();
    await waitFor(() => {
      clock.advance(60_000);
      return asked.length >= 8;
    });
    stopping.abort();
    await running;
    const pauses = clock.waits.filter((wait) => wait !== WATCHDOG_MS);
    expect(pauses.slice(0, 7)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it('ORC-068 goes on from the last event it dealt with, also after a restart', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send(response, 'evt-5', 'connected', { connection_id: 'c-1' });
      send(response, 'evt-6', 'data_update', { n: 1 });
      send(response, 'evt-7', 'broken', {});
    };
    const first = streamOf();
    void first.run();
    await waitFor(() => seen.length === 3);
    await waitFor(() => first.lastEventId === 'evt-7');
    expect(first.connectionId).toBe('c-1');
    const restarted = streamOf();
    expect([restarted.lastEventId, restarted.connectionId]).toEqual(['evt-7', 'c-1']);
    void restarted.run();
    await waitFor(() => asked.length === 2);
    expect(asked[0]!.headers['last-event-id']).toBeUndefined();
    expect(asked[1]!.headers).toMatchObject({ 'last-event-id': 'evt-7', accept: 'text/event-stream' });
  });

  it('ORC-070 gives a connection up when nothing came for 90 seconds', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send(response, 'evt-1', 'connected', { connection_id: `c-${asked.length}` });
    };
    const stream = streamOf();
    void stream.run();
    await waitFor(() => stream.isConnected);
    clock.advance(89_000);
    expect(stream.isConnected).toBe(true);
    clock.advance(1_000);
    await waitFor(() => !stream.isConnected);
    clock.advance(5_000);
    await waitFor(() => asked.length === 2);
  });
});
