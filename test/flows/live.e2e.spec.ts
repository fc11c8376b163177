import { Api } from '../support/api.js';
import { BareRobot } from '../support/bare-robot.js';
import { HubClient } from '../support/hub-client.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

/** Two gateways before the same services: a client may come back to either. */
describe('one stream, two gateways', () => {
  let platform: TestPlatform;
  let viewer: Api;
  let admin: Api;
  let robot: BareRobot;
  let first: string;
  let second: string;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate', gateways: 2 });
    [first = '', second = ''] = platform.urls;
    admin = await Api.login(first, 'admin', platform.passwords.admin);
    viewer = await Api.login(first, 'viewer', platform.passwords.viewer);
    robot = await BareRobot.enrol(admin, 'RB-L');
    await robot.send('status', { boot: true });
  }, 120_000);

  afterAll(async () => {
    await robot.close();
    await platform.stop();
  });

  const numbers = (client: HubClient): number[] =>
    client.named('robot.telemetry.updated').map(({ payload }) => payload.payload.n);

  async function publish(from: number, to: number): Promise<void> {
    for (let n = from; n < to; n++) await robot.send('telemetry', { n });
  }

  it('replays exactly the gap on the other gateway', async () => {
    const before = await HubClient.open(first, viewer.token);
    expect(await before.join('robot:RB-L')).toMatchObject({ ok: true, eventId: expect.any(String) });
    await publish(0, 20);
    await waitFor(() => numbers(before).length === 20);
    const { lastEventId } = before;
    before.close();
    await publish(20, 40);
    const after = await HubClient.open(second, viewer.token);
    expect(await after.join('robot:RB-L', { lastEventId })).toMatchObject({ ok: true });
    await publish(40, 60);
    await waitFor(() => numbers(after).length >= 40);
    expect(numbers(after)).toEqual(Array.from({ length: 40 }, (_, i) => 20 + i));
    after.close();
  });

  it('resumes from any event, also one in the middle', async () => {
    const before = await HubClient.open(first, viewer.token);
    await before.join('robot:RB-L');
    await publish(100, 120);
    await waitFor(() => numbers(before).length === 20);
    const middle = before.named('robot.telemetry.updated')[9]?.payload['eventId'];
    const after = await HubClient.open(second, viewer.token);
    await after.join('robot:RB-L', { lastEventId: middle });
    await waitFor(() => numbers(after).length >= 10);
    expect(numbers(after)).toEqual([110, 111, 112, 113, 114, 115, 116, 117, 118, 119]);
    before.close();
    after.close();
  });

  it('serves both gateways’ clients the same list while they join under load', async () => {
    const publishing = publish(200, 500);
    const clients = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const client = await HubClient.open(i % 2 === 0 ? first : second, viewer.token);
        await client.join('robot:RB-L');
        return client;
      }),
    );
    await publishing;
    for (const client of clients) {
      await waitFor(() => numbers(client).at(-1) === 499);
      const list = numbers(client);
      expect(list).toEqual(Array.from({ length: list.length }, (_, i) => 500 - list.length + i));
      client.close();
    }
  });

  it('collapses status and telemetry to the newest with replay "latest"', async () => {
    const before = await HubClient.open(first, viewer.token);
    const { eventId: lastEventId } = await before.join('fleet');
    await publish(600, 650);
    const after = await HubClient.open(second, viewer.token);
    await after.join('fleet', { lastEventId, replay: 'latest' });
    await waitFor(() => numbers(after).length >= 1);
    expect(numbers(after)).toEqual([649]);
    before.close();
    after.close();
  });

  it('asks for a resync with a snapshot and a fresh cursor when the id cannot be read', async () => {
    const client = await HubClient.open(first, viewer.token);
    const answer = await client.join('robot:RB-L', { lastEventId: 'made-up' });
    expect(answer).toMatchObject({ ok: true, eventId: expect.any(String) });
    const { payload } = await client.next('resync_required');
    expect(payload).toMatchObject({ group: 'robot:RB-L', reason: 'cursor_unreadable', eventId: expect.any(String) });
    expect(JSON.stringify(payload['snapshot'])).toContain('RB-L');
    await publish(700, 701);
    await waitFor(() => numbers(client).includes(700));
    client.close();
  });

  it('keeps telemetry to maxHz and leaves other events alone', async () => {
    const client = await HubClient.open(first, viewer.token);
    await client.join('robot:RB-L', { maxHz: 2 });
    await publish(800, 900);
    await robot.send('settings.reported', { a: 1 });
    await client.next('robot.settings.updated');
    await waitFor(() => numbers(client).at(-1) === 899);
    expect(numbers(client).length).toBeLessThan(60);
    expect(numbers(client)).toEqual(numbers(client).toSorted((a, b) => a - b));
    client.close();
  });

  it('leaves no hole after a gateway and the broker were killed', async () => {
    const watcher = await HubClient.open(second, viewer.token);
    await watcher.join('robot:RB-L');
    await publish(1_000, 1_010);
    await waitFor(() => numbers(watcher).length === 10);
    await platform.kill('nats-server');
    await platform.restart('nats-server');
    await waitFor(() => publish(1_010, 1_011).then(() => true), 30_000);
    await publish(1_011, 1_030);
    await waitFor(() => numbers(watcher).at(-1) === 1_029, 30_000);
    expect([...new Set(numbers(watcher))]).toEqual(Array.from({ length: 30 }, (_, i) => 1_000 + i));
    const { lastEventId } = watcher;
    await platform.kill('gateway-2');
    await publish(1_030, 1_040);
    const again = await HubClient.open(first, viewer.token);
    await again.join('robot:RB-L', { lastEventId });
    await waitFor(() => numbers(again).length >= 10);
    expect(numbers(again)).toEqual(Array.from({ length: 10 }, (_, i) => 1_030 + i));
    await platform.restart('gateway-2');
    watcher.close();
    again.close();
  });
});
