import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';
import { OrchestratorEventsSettings } from './orchestrator-events.settings.js';
import { OrchestratorSessions } from './orchestrator.sessions.js';

let stage: GatewayStage;
let malls: Orchestrators;

beforeAll(async () => {
  stage = await GatewayStage.open({ ORCHESTRATOR_PING_MS: '300' });
  malls = new Orchestrators(stage);
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => stage.close());

it('ORC-013 ORC-014 ORC-066 streams text/event-stream that begins with connected', async () => {
  const { response, received } = await malls.sse('es-1');
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(response.headers.get('cache-control')).toContain('no-cache');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  expect(response.headers.get('x-request-id')).toBeTruthy();
  const { id, data } = await received.next('connected');
  expect(data).toEqual({ connection_id: expect.any(String), server_time: expect.any(String), last_event_id: id });
  await malls.tell('es-1', { type: 'entity_update', text: 'two\nlines \u2028 ü' });
  const [event] = await received.until(1);
  expect(event).toEqual({
    event: 'data_update',
    id: expect.stringMatching(/^evt-\d+$/),
    data: { type: 'entity_update', text: 'two\nlines \u2028 ü' },
  });
});

it('ORC-067 replays exactly what was missed, in order, then goes on live', async () => {
  const first = await malls.sse('es-2');
  await malls.tell('es-2', { n: 0 });
  await first.received.until(1);
  first.close();
  for (let n = 1; n <= 5; n++) await malls.tell('es-2', { n });
  await malls.tell('es-other', { n: 99 });
  const second = await malls.sse('es-2', { lastEventId: first.received.lastId });
  await second.received.until(5);
  await malls.tell('es-2', { n: 6 });
  const events = await second.received.until(6);
  expect(events.map(({ data }) => data.n)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(second.received.events[0]).toMatchObject({ event: 'connected', id: first.received.lastId });
});

it('ORC-026 ORC-069 pings with the id of what was delivered last', async () => {
  const { received } = await malls.sse('es-3');
  await malls.tell('es-3');
  const [event] = await received.until(1);
  const ping = await received.next('ping');
  expect(ping).toEqual({ event: 'ping', id: event?.id, data: { timestamp: expect.any(String) } });
});

it('ORC-069 pings at equal distances, however long nothing else happens', async () => {
  const { received } = await malls.sse('es-5');
  await received.next('ping', 4);
  const at = received.named('ping').map(({ data }) => Date.parse(data.timestamp));
  for (const [n, atMs] of at.slice(1).entries()) expect(Math.abs(atMs - at[n]! - 300)).toBeLessThan(100);
  expect(new OrchestratorEventsSettings({}).pingMs).toBe(30_000);
});

it('answers where clients append the path to the URL that they were given', async () => {
  const client = await malls.sse('es-6', { url: `${stage.url}/api/orchestrators/events` });
  await client.received.next('connected');
});

it('forgets a client that left', async () => {
  const client = await malls.sse('es-4');
  await client.received.next('connected');
  const sessions = stage.gateway.app.get(OrchestratorSessions, { strict: false });
  malls.closeAll();
  await waitFor(() => sessions.count === 0);
});
