import { register } from 'prom-client';
import { ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../test/support/robots-service.js';
import { waitFor } from '../../../test/support/wait.js';
import { RobotsMetrics } from './robots.metrics.js';

describe('metrics of the registry', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
  });

  afterAll(async () => {
    await robots.stop();
  });

  const valuesOf = async (name: string): Promise<Record<string, number>> => {
    const { values } = (await register.getSingleMetric(name)?.get()) ?? { values: [] };
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels['presence'] ?? ''), value]));
  };

  it('count the fleet by presence, new robots, and what waits for the broker', async () => {
    await robots.say('status', 'ME-1', {});
    await robots.say('telemetry', 'ME-2', {});
    await robots.ask(ROBOTS_REQUESTS.issueCredentials, { robotId: 'ME-3', by: 'user:1' });
    await robots.settled();
    await robots.query(`INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey", "presence")
                        VALUES ('ME-4', '', '', 'offline')`);
    await waitFor(async () => {
      await robots.replica.app.get(RobotsMetrics).refresh();
      return (await valuesOf('muster_robots_outbox_messages'))[''] === 0;
    });
    expect(await valuesOf('muster_robots')).toEqual({ unknown: 1, online: 2, stale: 0, offline: 1 });
    expect(await valuesOf('muster_robots_first_seen_total')).toEqual({ '': 3 });
  });

  it('are there while the database is not', async () => {
    await robots.query(`ALTER TABLE "robots"."robots" RENAME TO "away"`);
    await expect(robots.replica.app.get(RobotsMetrics).refresh()).rejects.toThrow('does not exist');
    expect(await register.metrics()).toContain('muster_robots{presence="online"} 2');
    await robots.query(`ALTER TABLE "robots"."away" RENAME TO "robots"`);
  });
});
