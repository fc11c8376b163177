import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { IntroductionRepository } from './introduction.repository.js';

describe('requests for identity and capability', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
  });

  afterAll(async () => {
    await robots.stop();
  });

  const askedOf = async (robotId: string): Promise<string[]> =>
    (await robots.sentTo(robotId)).map(({ payload }) => payload.commandType);
  const asked = (robotId: string, kinds: readonly string[]): Promise<unknown> =>
    waitFor(async () => JSON.stringify(await askedOf(robotId)) === JSON.stringify(kinds));
  const told = (robotId: string, event: string, times = 1): Promise<unknown> =>
    waitFor(() => robots.eventsOf(robotId, event).length === times);
  const change = (robotId: string, assignments: string): Promise<unknown> =>
    robots.query(`UPDATE "robots"."robots" SET ${assignments} WHERE "robotId" = $1`, [robotId]);
  const considered = (robotId: string): Promise<readonly unknown[]> =>
    robots.replica.app.get(IntroductionRepository).claim([robotId], 10);

  it('ROB-018 ROB-070 ROB-072 asks a robot first seen by telemetry who it is', async () => {
    await robots.say('telemetry', 'RB-777', { battery: 80 });
    await asked('RB-777', ['identify']);
    const [command] = await robots.sentTo('RB-777');
    expect(command).toEqual({
      payloadVersion: 1,
      messageId: command!['correlationId'],
      robotId: 'RB-777',
      sentAt: expect.stringMatching(/Z$/),
      correlationId: command!['payload'].commandId,
      type: 'cmd',
      payload: { commandId: expect.any(String), commandType: 'identify', payload: {}, expiresAt: expect.any(String) },
    });
    expect(Date.parse(command!['payload'].expiresAt)).toBeGreaterThan(Date.now());
  });

  it('ROB-021 asks for the capability only after the identity has come, and then no more', async () => {
    await robots.say('telemetry', 'RB-777', { battery: 79 });
    await robots.settled();
    expect(await askedOf('RB-777')).toEqual(['identify']);
    await robots.say('identity', 'RB-777', { firmwareVersion: '1' });
    await asked('RB-777', ['identify', 'report_capability']);
    await robots.say('capability', 'RB-777', { commands: ['dock'] });
    await told('RB-777', 'capability.updated');
    expect(await considered('RB-777')).toEqual([]);
  });

  it('asks at most once a minute, whatever the robot says and however many replicas listen', async () => {
    const second = await robots.addReplica();
    for (let n = 0; n < 20; n++) await robots.say('status', 'RB-MUTE', { n });
    await robots.settled();
    await asked('RB-MUTE', ['identify']);
    const claims = await Promise.all(Array.from({ length: 8 }, () => considered('RB-MUTE')));
    expect(claims.flat()).toEqual([]);
    await robots.stopReplica(second);
  });

  it('asks at most once a minute also when the robot answered at once', async () => {
    await robots.say('identity', 'RB-QUICK', { firmwareVersion: '1' });
    await asked('RB-QUICK', ['report_capability']);
    await robots.say('capability', 'RB-QUICK', {});
    await told('RB-QUICK', 'capability.updated');
    await robots.say('identity', 'RB-QUICK', { firmwareVersion: '2' });
    await told('RB-QUICK', 'identity.updated', 2);
    await change('RB-QUICK', `"capabilityRequestedAt" = now() - interval '50 seconds'`);
    expect(await considered('RB-QUICK')).toEqual([]);
    await change('RB-QUICK', `"capabilityRequestedAt" = now() - interval '60 seconds'`);
    await asked('RB-QUICK', ['report_capability', 'report_capability']);
  });

  it('waits longer after each request without an answer, an hour at most', async () => {
    await robots.say('telemetry', 'RB-DUMB', {});
    await asked('RB-DUMB', ['identify']);
    await change('RB-DUMB', `"identityRequests" = 3, "identityRequestedAt" = now() - interval '3 minutes'`);
    expect(await considered('RB-DUMB')).toEqual([]);
    await change('RB-DUMB', `"identityRequests" = 50, "identityRequestedAt" = now() - interval '61 minutes'`);
    await asked('RB-DUMB', ['identify', 'identify']);
  });

  it('ROB-022 asks for the capability again when the firmware changed', async () => {
    await change('RB-777', `"capabilityRequestedAt" = NULL`);
    await robots.say('identity', 'RB-777', { firmwareVersion: '2' });
    await asked('RB-777', ['identify', 'report_capability', 'report_capability']);
  });

  it('ROB-076 asks again for what is older than a day', async () => {
    await robots.say('capability', 'RB-777', { commands: ['dock', 'go'] });
    await told('RB-777', 'capability.updated', 2);
    await change('RB-777', `"identityReceivedAt" = now() - interval '25 hours', "identityRequestedAt" = NULL`);
    await asked('RB-777', ['identify', 'report_capability', 'report_capability', 'identify']);
  });

  it('ROB-018 asks a robot that comes back from being offline', async () => {
    await robots.say('identity', 'RB-BACK', { firmwareVersion: '1' });
    await robots.say('capability', 'RB-BACK', {});
    await told('RB-BACK', 'capability.updated');
    await robots.settled();
    const before = await askedOf('RB-BACK');
    await change(
      'RB-BACK',
      `"presence" = 'offline', "identityReceivedAt" = now() - interval '10 minutes', "identityRequestedAt" = NULL,
       "capabilityRequestedAt" = now()`,
    );
    await robots.say('telemetry', 'RB-BACK', {});
    await asked('RB-BACK', [...before, 'identify']);
  });

  it('replicas that look at the same time claim each robot once', async () => {
    await robots.stopReplica(robots.replica);
    await robots.query(
      `INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey", "presence")
       SELECT 'DUE-' || n, '', '', 'online' FROM generate_series(1, 200) n`,
    );
    const introductions = new IntroductionRepository(robots.dataSource);
    const claims: string[] = [];
    for (let round = 0; round < 60; round++) {
      const found = await Promise.all(Array.from({ length: 4 }, () => introductions.claim(undefined, 20)));
      claims.push(...found.flat().map(({ robotId }) => robotId));
      if (found.flat().length === 0) break;
    }
    const due = claims.filter((robotId) => robotId.startsWith('DUE-'));
    expect(due).toHaveLength(200);
    expect(new Set(due).size).toBe(200);
    await robots.addReplica();
  });

  it('asks nobody who is silent', async () => {
    await robots.query(
      `INSERT INTO "robots"."robots" ("robotId", "displayName", "nameKey") VALUES ('RB-SILENT', '', '')`,
    );
    expect(await considered('RB-SILENT')).toEqual([]);
  });
});
