import { connect } from 'node:net';
import { register } from 'prom-client';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';
import { LiveEngine } from '../live/live.engine.js';
import { type SseClient, WsClient } from '../../../../test/support/event-stream.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';

let stage: GatewayStage;
let malls: Orchestrators;
let sessions: OrchestratorSessions;

beforeAll(async () => {
  stage = await GatewayStage.open({ ORCHESTRATOR_PING_MS: '300', ORCHESTRATOR_BUFFER_BYTES: '65536' });
  malls = new Orchestrators(stage);
  sessions = stage.gateway.app.get(OrchestratorSessions, { strict: false });
}, 60_000);

afterEach(async () => {
  malls.closeAll();
  await waitFor(() => sessions.count === 0);
});

afterAll(() => malls.close());

const statusOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.message.slice(0, 3),
  );

it('ORC-013 is refused without a token, to people, for another entity, and where the stream is not acceptable', async () => {
  const [token, person] = [await malls.token('se-1'), (await stage.as('admin')).token!];
  const sse = (options: object) => statusOf(malls.sse('se-1', { token, ...options }));
  expect(await sse({ token: 'nonsense' })).toBe('401');
  expect(await sse({ token: person })).toBe('403');
  expect(await sse({ headers: { 'x-entity-id': 'se-2' } })).toBe('403');
  expect(await sse({ headers: { 'x-orchestrator-id': 'orch-other' } })).toBe('403');
  expect(await sse({ query: '?entity_id=se-2' })).toBe('403');
  expect(await sse({ headers: { accept: 'application/json' } })).toBe('406');
  expect(await sse({ headers: { accept: '*/*', 'x-entity-id': 'se-1', 'x-orchestrator-id': 'orch-se-1' } })).toBe(
    'accepted',
  );
  const head = await fetch(`${stage.url}/api/orchestrators/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(head.status).toBe(405);
});

it('ORC-133 the WebSocket is refused likewise, in the documents’ error format, and takes the token as a parameter', async () => {
  const token = await malls.token('se-1');
  const refusal = (options: object) => malls.ws('se-1', { token, ...options }).catch((error: Error) => error.message);
  expect(await refusal({ token: 'nonsense' })).toMatch(/^401 .*AUTH_INVALID_TOKEN.*request_id/);
  expect(await refusal({ token: '', headers: { authorization: '' } })).toMatch(/^401 .*AUTH_REQUIRED/);
  expect(await refusal({ token: (await stage.as('admin')).token })).toMatch(/^403 .*ACCESS_DENIED/);
  expect(await refusal({ headers: { 'x-entity-id': 'se-2' } })).toMatch(/^403 .*ENTITY_ACCESS_DENIED/);
  expect(await refusal({ query: '?entity_id=se-2' })).toMatch(/^403 .*ENTITY_ACCESS_DENIED/);
  const client = malls.closing(await WsClient.open(stage.url, { query: `?token=${token}` }));
  expect(await client.received.next('connected')).toMatchObject({ id: expect.stringMatching(/^evt-\d+$/) });
});

it('ORC-066 connection ids are one of a kind', async () => {
  const clients = await Promise.all(Array.from({ length: 5 }, () => malls.sse('se-3')));
  const notices = await Promise.all(clients.map(({ received }) => received.next('connected')));
  expect(new Set(notices.map(({ data }) => data.connection_id)).size).toBe(5);
});

it('the oldest of too many streams of one orchestrator gives way', async () => {
  const clients: SseClient[] = [];
  for (let n = 0; n < 6; n++) clients.push(await malls.sse('se-4'));
  await waitFor(() => clients[0]!.isOver);
  expect(clients.slice(1).map(({ isOver }) => isOver)).toEqual([false, false, false, false, false]);
  // Not the end of all events: navign's guide client would not come back from that.
  expect(clients[0]!.failure).toBeDefined();
});

it('ORC-105 counts the streams that are open, by protocol', async () => {
  const open = async () => {
    const { values } = (await register.getSingleMetric('muster_orchestrator_connections')!.get()) as any;
    return Object.fromEntries(values.map(({ labels, value }: any) => [labels.protocol, value]));
  };
  const clients = await Promise.all(['se-5', 'se-6', 'se-7'].map((id) => malls.sse(id)));
  await malls.ws('se-5');
  await waitFor(async () => (await open()).sse === 3 && (await open()).websocket === 1);
  clients[0]!.close();
  await waitFor(async () => (await open()).sse === 2);
});

it('ORC-106 measures the fan-out of events that come live, and of no replay', async () => {
  const count = async () => {
    const { values } = (await register.getSingleMetric('muster_orchestrator_event_fanout_seconds')!.get()) as any;
    return values.find(({ metricName }: any) => metricName.endsWith('_count')).value as number;
  };
  const before = await count();
  const [one, two] = await Promise.all([malls.sse('se-8'), malls.sse('se-8')]);
  await Promise.all([one, two].map(({ received }) => received.next('ping')));
  await malls.tell('se-8');
  await Promise.all([one, two].map(({ received }) => received.until(1)));
  expect(await count()).toBe(before + 2);
  await (await malls.sse('se-8', { lastEventId: 'evt-0' })).received.until(1);
  expect(await count()).toBe(before + 2);
});

it('a token that runs out, and one that is revoked, end the stream', async () => {
  const sessionId = crypto.randomUUID();
  const short = await malls.sse('se-9', { token: await malls.token('se-9', { lifeS: 2 }) });
  const revoked = await malls.sse('se-9', { token: await malls.token('se-9', { sessionId }) });
  const ws = await malls.ws('se-9', { token: await malls.token('se-9', { sessionId }) });
  await Promise.all([short, revoked, ws].map(({ received }) => received.next('connected')));
  stage.gateway.app.get(SessionRevocations, { strict: false }).note([sessionId]);
  await waitFor(() => revoked.isOver && ws.closed);
  expect(ws.said).toEqual([{ type: 'error', error: expect.objectContaining({ code: 'AUTH_TOKEN_EXPIRED' }) }]);
  expect(short.isOver).toBe(false);
  await waitFor(() => short.isOver);
});

it('watches nothing for an entity that nobody reads any more', async () => {
  const engine = stage.gateway.app.get(LiveEngine, { strict: false });
  const groups = engine.groupCount;
  await (await malls.sse('se-10')).received.next('connected');
  await waitFor(() => engine.groupCount === groups + 1);
  malls.closeAll();
  await waitFor(() => engine.groupCount === groups);
});

it('cuts off a client that stops reading, and gives it the rest when it comes back', async () => {
  const token = await malls.token('se-11');
  const socket = connect(new URL(stage.url).port as unknown as number, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(
    `GET /api/orchestrators/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`,
  );
  await waitFor(() => Buffer.concat(chunks).includes('connected'));
  socket.pause();
  const text = 'x'.repeat(100_000);
  let sent = 0;
  await waitFor(async () => {
    await malls.tell('se-11', { n: sent++, text });
    return sessions.count === 0;
  });
  socket.resume();
  await waitFor(() => socket.closed);
  const blocks = Buffer.concat(chunks).toString().split('\n\n').slice(0, -1);
  const complete = blocks.flatMap((block) => /event: data_update\nid: (evt-\d+)/.exec(block)?.[1] ?? []);
  expect(complete.length).toBeGreaterThan(0);
  const { received } = await malls.sse('se-11', { lastEventId: complete.at(-1) });
  const rest = await received.until(sent - complete.length);
  expect(rest.map(({ data }) => data.n)).toEqual(
    Array.from({ length: sent - complete.length }, (_, n) => complete.length + n),
  );
});
