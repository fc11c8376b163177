import { jetstream } from '@nats-io/jetstream';
import { robotSubject, ROBOT_SUBJECTS, ROBOTS_REQUESTS } from '#libs/contracts';
import { BrokerConnection } from '#libs/jetstream';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { Ears } from './ears.js';

describe('what has been heard', () => {
  let robots: RobotsUnderTest;
  let connection: BrokerConnection;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
    connection = await BrokerConnection.open({
      url: robots.broker.url,
      credsFile: robots.broker.credsFile('robots'),
      name: 'robots',
      inboxPrefix: '_INBOX_robots',
    });
  });

  afterAll(async () => {
    await connection.close();
    await robots.stop();
  });

  async function pileUp(count: number): Promise<void> {
    const subject = robotSubject(ROBOT_SUBJECTS.telemetry, 'EAR-1');
    const publish = (): Promise<unknown> => jetstream(robots.admin).publish(subject, '{}');
    for (let sent = 0; sent < count; sent += 100) await Promise.all(Array.from({ length: 100 }, publish));
  }

  it('is nothing while a backlog waits, and everything once it is worked off', async () => {
    await robots.stopReplica(robots.replica);
    await pileUp(1_200);
    const ears = new Ears(connection);
    expect(await ears.listen()).toBeUndefined();
    await robots.addReplica();
    const startedAt = Date.now();
    const hearing = await waitFor(() => ears.listen());
    expect(hearing.sinceMs).toBeGreaterThanOrEqual(startedAt);
  });

  it('ends where a backlog begins, without starting anew', async () => {
    const ears = new Ears(connection);
    const before = await waitFor(() => ears.listen());
    await robots.stopReplica(robots.replica);
    await pileUp(1_200);
    const during = await ears.listen();
    expect(during).toEqual(before);
    await robots.addReplica();
    const after = await waitFor(async () => {
      const hearing = await ears.listen();
      return hearing && hearing.untilMs > before.untilMs && hearing;
    });
    expect(after.sinceMs).toBe(before.sinceMs);
  });

  it('is nothing while the broker is away, and starts anew afterwards', async () => {
    const ears = new Ears(connection);
    await waitFor(() => ears.listen());
    await robots.settled();
    // A clean stop: after a crash the broker may wait 30 s for acknowledgements that it had not written yet.
    await robots.broker.server.child.stop();
    await waitFor(() => !connection.isConnected);
    expect(await ears.listen()).toBeUndefined();
    await robots.broker.server.child.start();
    const backAt = Date.now();
    const hearing = await waitFor(() => ears.listen());
    expect(hearing.sinceMs).toBeGreaterThanOrEqual(backAt);
    await waitFor(() => robots.say('status', 'EAR-2', {}));
    await robots.settled();
    await waitFor(() => ears.listen());
    const { upSinceMs } = connection;
    await robots.broker.restart();
    await waitFor(() => connection.upSinceMs > upSinceMs);
    const unnoticedAt = Date.now();
    const later = await waitFor(() => ears.listen());
    expect(later.sinceMs).toBeGreaterThanOrEqual(unnoticedAt);
    await waitFor(() => robots.ask(ROBOTS_REQUESTS.get, { robotId: 'EAR-2' }));
  });
});
