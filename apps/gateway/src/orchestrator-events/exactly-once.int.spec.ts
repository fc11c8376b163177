import { FaithfulClient } from '../../../../test/support/faithful-client.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

const ENTITIES = ['eo-1', 'eo-2', 'eo-3', 'eo-4'];
const CLIENTS = 200;
const WAIT_MS = 60_000;

let stage: GatewayStage;
let malls: Orchestrators;

beforeAll(async () => {
  stage = await GatewayStage.open({ ORCHESTRATOR_PING_MS: '500' });
  malls = new Orchestrators(stage);
}, 60_000);

afterAll(() => malls.close());

/** Tells every entity the next event until it is stored, however long the broker is away. */
async function tellAll(n: number): Promise<void> {
  for (const entityId of ENTITIES) {
    await waitFor(() => malls.tell(entityId, { n }), WAIT_MS);
  }
}

async function tellUntil(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await tellAll(n);
}

it('ORC-067 ORC-117 200 clients come back to either of two gateways: each ends with the very same list', async () => {
  let urls = [stage.url, (await stage.addGateway()).url];
  let turn = 0;
  const nextUrl = () => urls[turn++ % urls.length]!;
  const tokens = await Promise.all(
    Array.from({ length: CLIENTS }, (_, n) => malls.token(ENTITIES[n % ENTITIES.length]!, { id: `orch-eo-${n}` })),
  );
  const clients = tokens.map((token, n) => new FaithfulClient(token, n % 5 === 0 ? 'websocket' : 'sse', nextUrl));
  await waitFor(() => clients.every(({ received }) => received.events.length > 0), WAIT_MS);

  await tellUntil(0, 20);
  for (const client of clients.filter((_, n) => n % 3 === 0)) client.drop();
  await tellUntil(20, 40);
  await stage.live.server.kill();
  const told = tellUntil(40, 60);
  await stage.live.server.restart();
  await told;
  const replacement = await stage.addGateway();
  urls = [stage.url, replacement.url];
  const [leaving] = stage.others;
  await Promise.all([stage.stopGateway(leaving!), tellUntil(60, 80)]);
  for (const client of clients.filter((_, n) => n % 2 === 0)) client.drop();
  await tellUntil(80, 100);

  const truth = new Map<string, readonly object[]>();
  for (const entityId of ENTITIES) {
    const { received } = await malls.sse(entityId, { lastEventId: 'evt-0' });
    await waitFor(() => received.durable.at(-1)?.data.n === 99, WAIT_MS);
    truth.set(entityId, received.durable);
    expect(new Set(received.durable.map(({ data }) => data.n)).size).toBe(100);
  }
  await waitFor(() => clients.every(({ received }) => received.durable.at(-1)?.data.n === 99), WAIT_MS);
  await Promise.all(clients.map((client) => client.stop()));
  for (const [n, { received }] of clients.entries()) {
    expect(received.named('resync_required')).toEqual([]);
    expect(received.durable).toEqual(truth.get(ENTITIES[n % ENTITIES.length]!));
  }
  expect(clients.reduce((sum, { connections }) => sum + connections, 0)).toBeGreaterThan(CLIENTS * 1.5);
}, 240_000);
