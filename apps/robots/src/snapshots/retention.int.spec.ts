import { ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { HistoryRepository } from './history.repository.js';
import { SnapshotPruner } from './snapshot.pruner.js';

describe('how many snapshots are kept', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start({ SNAPSHOTS_KEPT: '2' });
  });

  afterAll(async () => {
    await robots.stop();
  });

  const versionsOf = async (robotId: string, kind: 'identity' | 'capability'): Promise<unknown[]> => {
    const { items } = await robots.ask(ROBOTS_REQUESTS.history, { robotId, kind, limit: 50 });
    return items.map(({ payload }) => payload['version']);
  };
  async function report(robotId: string, versions: readonly number[]): Promise<void> {
    for (const version of versions) {
      await robots.say('identity', robotId, { version });
      await robots.say('capability', robotId, { version });
    }
    await robots.settled();
  }

  it('ROB-028 keeps the newest of each robot, and the current ones above all', async () => {
    await report('KEEP-1', [1, 2, 3, 4]);
    await report('KEEP-2', [1]);
    expect(await robots.replica.app.get(SnapshotPruner).prune()).toBe(false);
    for (const kind of ['identity', 'capability'] as const) {
      expect(await versionsOf('KEEP-1', kind)).toEqual([4, 3]);
      expect(await versionsOf('KEEP-2', kind)).toEqual([1]);
    }
    const robot = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'KEEP-1' });
    expect(robot.capability).toEqual({ version: 4 });
  });

  it('goes through a fleet page by page, and begins anew at its end', async () => {
    await robots.query(
      `INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey") SELECT 'A-' || n, '', '' FROM generate_series(1, 450) n`,
    );
    await report('Z-LAST', [1, 2, 3]);
    const pruner = robots.replica.app.get(SnapshotPruner);
    expect([await pruner.prune(), await pruner.prune()]).toEqual([true, true]);
    expect(await versionsOf('Z-LAST', 'identity')).toHaveLength(3);
    expect(await pruner.prune()).toBe(false);
    expect(await versionsOf('Z-LAST', 'identity')).toEqual([3, 2]);
    expect(await pruner.prune()).toBe(true);
  });

  it('replicas that prune at the same time do not stand in each other’s way', async () => {
    await report('KEEP-3', [1, 2, 3, 4, 5]);
    const history = robots.replica.app.get(HistoryRepository);
    await Promise.all(Array.from({ length: 4 }, () => history.keepNewest(['KEEP-1', 'KEEP-3'], 1)));
    expect(await versionsOf('KEEP-3', 'capability')).toEqual([5]);
  });
});
