import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';

let malls: Orchestrators;

beforeAll(async () => {
  malls = new Orchestrators(await GatewayStage.open({ ORCHESTRATOR_PING_MS: '200', LIVE_REPLAY_LIMIT: '50' }));
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => malls.close());

const AT_THE_END = /^evt-[1-9]\d{6,}$/;

/** Publishes one event and answers its id as a client got it. */
async function published(entityId: string): Promise<string> {
  const { received } = await malls.sse(entityId);
  await malls.tell(entityId, { n: 'before' });
  const [{ id = '' } = {}] = await received.until(1);
  return id;
}

it.each([
  ['an id that cannot be read', 'rs-1', async () => 'not-an-id', 'cursor_unreadable'],
  ['the id of a stream before', 'rs-2', async () => 'evt-123456', 'cursor_foreign'],
  [
    'an id of the future',
    'rs-3',
    async () => `evt-${Number((await published('rs-3')).slice(4)) + 1_000}`,
    'cursor_foreign',
  ],
])('ORC-067 %s asks for a resync and replays nothing', async (_what, entityId, idOf, reason) => {
  const lastEventId = await idOf();
  await malls.tell(entityId, { n: 'missed' });
  const { received } = await malls.sse(entityId, { lastEventId });
  const notice = await received.next('resync_required');
  expect(received.events.map(({ event }) => event)).toEqual(['connected', 'resync_required']);
  expect(notice).toEqual({
    event: 'resync_required',
    id: expect.stringMatching(AT_THE_END),
    data: { reason, entity_id: entityId, offline_since: null },
  });
  await malls.tell(entityId, { n: 'after' });
  expect((await received.until(1)).map(({ data }) => data.n)).toEqual(['after']);
  const again = await malls.sse(entityId, { lastEventId: notice.id });
  expect((await again.received.until(1)).map(({ data }) => data.n)).toEqual(['after']);
});

it('a client that is cut off between connected and resync_required is told again', async () => {
  const first = await malls.sse('rs-4', { lastEventId: 'nonsense' });
  const connected = await first.received.next('connected');
  const second = await malls.sse('rs-4', { lastEventId: connected.id });
  expect((await second.received.next('resync_required')).data.reason).toBe('cursor_foreign');
});

it('an id that the stream has dropped, and a gap over the limit, ask for a resync', async () => {
  const lastEventId = await published('rs-5');
  for (let n = 0; n < 51; n++) await malls.tell('rs-5', { n });
  const wide = await malls.sse('rs-5', { lastEventId });
  expect((await wide.received.next('resync_required')).data.reason).toBe('gap_too_large');
  await malls.stage.live.purge('ORCHESTRATOR_EVENTS');
  await malls.tell('rs-5', { n: 'after' });
  malls.closeAll();
  const old = await malls.sse('rs-5', { lastEventId });
  expect((await old.received.next('resync_required')).data.reason).toBe('cursor_too_old');
  expect(old.received.durable).toEqual([]);
});

it('evt-0 begins with the first event that is kept', async () => {
  await malls.stage.live.purge('ORCHESTRATOR_EVENTS');
  for (let n = 0; n < 3; n++) await malls.tell('rs-6', { n });
  const { received } = await malls.sse('rs-6', { lastEventId: 'evt-0' });
  expect((await received.until(3)).map(({ data }) => data.n)).toEqual([0, 1, 2]);
});

it('the header wins over the query, and the query is taken without one', async () => {
  const lastEventId = await published('rs-7');
  await malls.tell('rs-7', { n: 'missed' });
  const byQuery = await malls.sse('rs-7', { query: `?last_event_id=${lastEventId}` });
  expect((await byQuery.received.until(1)).map(({ data }) => data.n)).toEqual(['missed']);
  const both = await malls.sse('rs-7', { lastEventId, query: '?last_event_id=nonsense' });
  expect((await both.received.until(1)).map(({ data }) => data.n)).toEqual(['missed']);
  const ws = await malls.ws('rs-7', { query: `?last_event_id=${lastEventId}` });
  expect((await ws.received.until(1)).map(({ data }) => data.n)).toEqual(['missed']);
});

it('a stream that is made anew: ids go on rising, and nobody is left waiting', async () => {
  const { received } = await malls.sse('rs-8');
  await malls.tell('rs-8', { n: 1 });
  const [{ id: before = '' } = {}] = await received.until(1);
  await malls.stage.live.remake('ORCHESTRATOR_EVENTS');
  const late = await malls.sse('rs-8', { lastEventId: before });
  await late.received.next('resync_required');
  await malls.tell('rs-8', { n: 2 });
  const [{ id: after = '' } = {}] = await late.received.until(1);
  expect(Number(after.slice(4))).toBeGreaterThan(Number(before.slice(4)));
});
