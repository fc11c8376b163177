import { CONSUMERS, ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';

const STALE_MS = 1_500;
const OFFLINE_MS = 3_000;
const TIMEOUTS = {
  PRESENCE_STALE_AFTER_MS: String(STALE_MS),
  PRESENCE_OFFLINE_AFTER_MS: String(OFFLINE_MS),
};

describe('presence of robots', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start(TIMEOUTS);
  });

  afterAll(async () => {
    await robots.stop();
  });

  const presenceOf = async (robotId: string): Promise<string> =>
    (await robots.ask(ROBOTS_REQUESTS.get, { robotId })).presence;
  const pathOf = (robotId: string): string[] =>
    robots.eventsOf(robotId, 'presence.updated').map(({ body }) => `${body['previous']}>${body['presence']}`);

  it('goes from unknown to online, stale, offline and back, telling each step once', async () => {
    await robots.say('status', 'PR-1', {});
    await waitFor(() => pathOf('PR-1').length === 3);
    await robots.say('status', 'PR-1', {});
    await waitFor(() => pathOf('PR-1').length === 4);
    expect(pathOf('PR-1')).toEqual(['unknown>online', 'online>stale', 'stale>offline', 'offline>online']);
    const [, stale] = robots.eventsOf('PR-1', 'presence.updated').map(({ body }) => body);
    const silentMs = Date.parse(stale!['at']) - Date.parse(stale!['lastSeenAt']);
    expect(silentMs).toBeGreaterThanOrEqual(STALE_MS);
    expect(Object.keys(stale!).sort()).toEqual(['at', 'lastSeenAt', 'presence', 'previous', 'robotId']);
  });

  it('counts nothing of ours as a sign of life: metadata, desired settings and credentials wake nobody', async () => {
    await robots.say('status', 'PR-2', {});
    await waitFor(async () => (await presenceOf('PR-2')) === 'offline');
    const { lastSeenAt } = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'PR-2' });
    const by = 'user:1';
    await robots.ask(ROBOTS_REQUESTS.update, { robotId: 'PR-2', update: { notes: 'x' }, by });
    await robots.ask(ROBOTS_REQUESTS.setDesired, { robotId: 'PR-2', payload: { a: 1 }, by });
    await robots.ask(ROBOTS_REQUESTS.issueCredentials, { robotId: 'PR-2', by });
    expect(await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'PR-2' })).toMatchObject({
      presence: 'offline',
      lastSeenAt,
    });
    await robots.ask(ROBOTS_REQUESTS.issueCredentials, { robotId: 'PR-ENROLLED', by });
    expect(await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'PR-ENROLLED' })).toMatchObject({
      presence: 'unknown',
      lastSeenAt: null,
    });
  });

  it('replicas share the sweep: each transition is told once', async () => {
    const second = await robots.addReplica(TIMEOUTS);
    const ids = Array.from({ length: 60 }, (_, n) => `MANY-${n}`);
    await Promise.all(ids.map((robotId) => robots.say('status', robotId, {})));
    await waitFor(() => ids.every((robotId) => pathOf(robotId).at(-1) === 'stale>offline'));
    for (const robotId of ids) {
      expect(pathOf(robotId)).toEqual(['unknown>online', 'online>stale', 'stale>offline']);
    }
    await robots.stopReplica(second);
  });

  it('an old message worked off late makes nobody online', async () => {
    await robots.say('status', 'PR-3', {});
    await waitFor(() => pathOf('PR-3').at(-1) === 'stale>offline');
    const before = pathOf('PR-3').length;
    await robots.redeliverAll(CONSUMERS.statusIngest);
    expect(pathOf('PR-3')).toHaveLength(before);
  });

  it('an outage of the broker declares nobody stale before it has listened anew for the whole timeout', async () => {
    await robots.stopReplica(robots.replica);
    await robots.addReplica({ PRESENCE_STALE_AFTER_MS: '3000', PRESENCE_OFFLINE_AFTER_MS: '60000' });
    await robots.say('status', 'PR-4', {});
    await waitFor(async () => (await presenceOf('PR-4')) === 'online');
    await robots.settled();
    await robots.broker.server.child.stop();
    const lastSeen = Date.now();
    await waitFor(() => Date.now() - lastSeen > 3_500);
    await robots.broker.server.child.start();
    const backAt = Date.now();
    const silentFor = async (): Promise<number> => {
      const [row] = await robots.query<{ presence: string }>(
        `SELECT "presence" FROM "robots"."robots" WHERE "robotId" = 'PR-4'`,
      );
      return row?.presence === 'stale' ? Date.now() - backAt : 0;
    };
    expect(await waitFor(silentFor)).toBeGreaterThanOrEqual(2_900);
  });
});
