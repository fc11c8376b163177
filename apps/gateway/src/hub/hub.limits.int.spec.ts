import { GatewayStage } from '../../../../test/support/hub.js';
import type { HubClient } from '../../../../test/support/hub-client.js';
import { waitFor } from '../../../../test/support/wait.js';
import { LiveEngine } from '../live/live.engine.js';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.open({
    HUB_BUFFER_BYTES: '1000000',
    HUB_GROUPS_PER_SOCKET: '3',
    // Long enough for every other test of this file, also on a busy machine; the last one waits it out.
    ACCESS_TOKEN_TTL_S: '25',
  });
}, 60_000);

afterAll(() => stage.close());

interface Readable {
  pause(): void;
  resume(): void;
}

/** The client's own end of the connection: paused, it reads nothing and the network fills up. */
function connectionOf(client: HubClient): Readable {
  return (client.socket.io.engine.transport as unknown as { ws: Readable }).ws;
}

const numbers = (client: HubClient): number[] =>
  client.named('robot.telemetry.updated').map(({ payload }) => payload['payload'].n);

const BIG = 'x'.repeat(200_000);

async function publishBig(robotId: string, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await stage.live.telemetry(robotId, { n, BIG });
}

it.each([{}, { maxHz: 1_000 }])(
  'tells a client that reads too slowly to come back, with the id from which nothing is missed (%j)',
  async (options) => {
    const [robotId, group] = [`HS-${Object.keys(options).length}`, `robot:HS-${Object.keys(options).length}`];
    const client = await stage.browser();
    expect(await client.join(group, options)).toMatchObject({ ok: true });
    connectionOf(client).pause();
    let sent = 0;
    const engine = stage.gateway.app.get(LiveEngine);
    await waitFor(async () => {
      await publishBig(robotId, sent, (sent += 5));
      return engine.groupCount === 0;
    });
    await publishBig(robotId, sent, (sent += 5));
    connectionOf(client).resume();
    const notice = await client.next('too_slow');
    expect(notice.payload).toEqual({ group, lastEventId: expect.any(String), message: expect.stringContaining(group) });
    const before = numbers(client);
    expect(before.length).toBeLessThan(sent);
    expect(await client.join(group, { lastEventId: notice.payload['lastEventId'] })).toMatchObject({ ok: true });
    await waitFor(() => numbers(client).at(-1) === sent - 1);
    if (!('maxHz' in options)) expect(numbers(client)).toEqual(Array.from({ length: sent }, (_, n) => n));
    expect(client.socket.connected).toBe(true);
    client.close();
  },
);

it('replays a gap larger than the buffer to a client that reads', async () => {
  const client = await stage.browser();
  const { eventId: lastEventId } = await client.join('robot:HS-9');
  await client.say('leave', { group: 'robot:HS-9' });
  await publishBig('HS-9', 0, 30);
  expect(await client.join('robot:HS-9', { lastEventId })).toMatchObject({ ok: true });
  expect(numbers(client)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  expect(client.named('too_slow')).toEqual([]);
  client.close();
});

it('lets a socket join so many groups and no more', async () => {
  const client = await stage.browser();
  for (const n of [1, 2, 3, 3, 3]) expect(await client.join(`robot:HG-${n}`)).toMatchObject({ ok: true });
  expect(await client.join('robot:HG-4')).toMatchObject({ ok: false, error: { code: 'RATE_LIMIT_EXCEEDED' } });
  await client.say('leave', { group: 'robot:HG-1' });
  expect(await client.join('robot:HG-4')).toMatchObject({ ok: true });
  client.close();
});

it('ROB-009 says unauthorized and closes the socket when its token runs out', async () => {
  const client = await stage.browser();
  await client.join('fleet');
  await waitFor(() => client.socket.disconnected, 40_000);
  expect(client.named('unauthorized')).toMatchObject([{ payload: { code: 'AUTH_TOKEN_EXPIRED' } }]);
}, 60_000);
