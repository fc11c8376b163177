import { jetstream } from '@nats-io/jetstream';
import { CONSUMERS, ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';

describe('the registry', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
  });

  afterAll(async () => {
    await robots.stop();
  });

  const robotOf = (robotId: string): Promise<Record<string, any>> => robots.ask(ROBOTS_REQUESTS.get, { robotId });
  const lastSeenOf = async (robotId: string): Promise<number> => Date.parse((await robotOf(robotId))['lastSeenAt']);
  const registered = (robotId: string): Promise<unknown> =>
    waitFor(() => robots.eventsOf(robotId, 'registered').length > 0);

  it('ROB-033 ROB-034 makes the schema with the documented columns, and again without an error', async () => {
    const columns = await robots.query<{ column_name: string; data_type: string; is_nullable: string }>(
      `SELECT column_name, data_type, is_nullable FROM information_schema.columns
       WHERE table_schema = 'robots' AND table_name = 'robots'`,
    );
    const typeOf = Object.fromEntries(columns.map((row) => [row.column_name, [row.data_type, row.is_nullable]]));
    expect(typeOf).toMatchObject({
      robotId: ['text', 'NO'],
      displayName: ['text', 'NO'],
      isEnabled: ['boolean', 'NO'],
      tagsJson: ['jsonb', 'YES'],
      notes: ['text', 'YES'],
      lastSeenAt: ['timestamp with time zone', 'YES'],
      createdAt: ['timestamp with time zone', 'NO'],
      updatedAt: ['timestamp with time zone', 'NO'],
    });
    const second = await robots.addReplica();
    await robots.stopReplica(second);
  });

  it.each(['identity', 'capability', 'status', 'telemetry', 'settingsReported', 'commandAck'] as const)(
    'ROB-074 registers a robot whose first message is %s',
    async (name) => {
      const robotId = `NEW-${name}`;
      await robots.say(name, robotId, name === 'commandAck' ? { status: 'ACCEPTED' } : {});
      await registered(robotId);
      const robot = await robotOf(robotId);
      expect(robot).toMatchObject({ robotId, displayName: robotId, isEnabled: true, presence: 'online' });
      expect(robot['lastSeenAt']).not.toBeNull();
      expect(robots.eventsOf(robotId, 'registered')[0]?.body).toMatchObject({ robotId, presence: 'online' });
    },
  );

  it('ROB-040 shows a robot known by telemetry alone without identity, capability and settings', async () => {
    expect(await robotOf('NEW-telemetry')).toMatchObject({ identity: null, capability: null, reportedSettings: null });
  });

  it.each(['identity', 'capability', 'status', 'telemetry', 'settingsReported', 'commandAck'] as const)(
    'ROB-075 moves lastSeenAt with %s',
    async (name) => {
      const robotId = `NEW-${name}`;
      const before = await lastSeenOf(robotId);
      await robots.say(name, robotId, name === 'commandAck' ? { status: 'ACCEPTED' } : {});
      await waitFor(async () => (await lastSeenOf(robotId)) > before);
    },
  );

  it('acknowledges a sign of life only when it is stored: a database away loses none', async () => {
    await robots.query(`ALTER TABLE "robots"."robots" RENAME TO "robots_away"`);
    const { sequence } = await robots.say('telemetry', 'LATE-1', {});
    const manager = await jetstream(robots.admin).jetstreamManager();
    const { stream, durable } = CONSUMERS.telemetryPresence;
    await waitFor(async () => (await manager.consumers.info(stream, durable)).num_redelivered > 0);
    expect((await manager.consumers.info(stream, durable)).ack_floor.stream_seq).toBeLessThan(sequence);
    await robots.query(`ALTER TABLE "robots"."robots_away" RENAME TO "robots"`);
    await registered('LATE-1');
  });

  it('ROB-026 ROB-027 changes what people decide, keeps what is left out, clears with null, and touches nothing else', async () => {
    await robots.say('identity', 'META-1', { model: 'M' });
    await registered('META-1');
    const before = await robotOf('META-1');
    const update = {
      displayName: 'Dock bot',
      tags: ['a', 'b'],
      notes: 'n',
      mapId: 'm1',
      homeStationId: 'h1',
      isEnabled: false,
    };
    const updated = await robots.ask(ROBOTS_REQUESTS.update, { robotId: 'META-1', update, by: 'user:1' });
    expect(updated).toMatchObject({ ...update, identity: { model: 'M' }, lastSeenAt: before['lastSeenAt'] });
    expect(updated.updatedAt > before['updatedAt']).toBe(true);
    const cleared = await robots.ask(ROBOTS_REQUESTS.update, {
      robotId: 'META-1',
      update: { tags: null, notes: null },
      by: 'user:1',
    });
    expect(cleared).toMatchObject({ displayName: 'Dock bot', tags: null, notes: null, mapId: 'm1' });
    await robots.say('identity', 'META-1', { model: 'M2', displayName: 'mine', isEnabled: true });
    await waitFor(async () => (await robotOf('META-1'))['identity'].model === 'M2');
    expect(await robotOf('META-1')).toMatchObject({
      displayName: 'Dock bot',
      isEnabled: false,
      updatedAt: cleared.updatedAt,
    });
  });

  it('ROB-061 tells each change of metadata once, in order, with the updated robot', async () => {
    await waitFor(() => robots.eventsOf('META-1', 'meta.updated').length === 2);
    const bodies = robots.eventsOf('META-1', 'meta.updated').map(({ body }) => body);
    expect(bodies.map((body) => body['tags'])).toEqual([['a', 'b'], null]);
    expect(bodies[0]).toMatchObject({ robotId: 'META-1', displayName: 'Dock bot', identity: { model: 'M' } });
  });

  it('ROB-006 sends no command for a change of metadata unless told to', async () => {
    const types = (await robots.sentTo('META-1')).map(({ payload }) => payload.commandType);
    expect(types.filter((type) => type !== 'identify' && type !== 'report_capability')).toEqual([]);
  });

  it('refuses metadata for an unknown robot, and what cannot be stored', async () => {
    const update = { displayName: 'x' };
    const unknown = robots.ask(ROBOTS_REQUESTS.update, { robotId: 'NOBODY', update, by: 'user:1' });
    await expect(unknown).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
    const unstorable = robots.ask(ROBOTS_REQUESTS.update, {
      robotId: 'META-1',
      update: { notes: 'a\u0000b' },
      by: 'user:1',
    });
    await expect(unstorable).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(robotOf('NOBODY')).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
  });

  it('answers what may be dispatched, in the order asked', async () => {
    const answer = await robots.ask(ROBOTS_REQUESTS.dispatchability, { robotIds: ['META-1', 'NOBODY', 'LATE-1'] });
    expect(answer).toEqual([
      { robotId: 'META-1', exists: true, isEnabled: false },
      { robotId: 'NOBODY', exists: false, isEnabled: false },
      { robotId: 'LATE-1', exists: true, isEnabled: true },
    ]);
  });

  it('keeps the newest status by position when an older one is delivered again', async () => {
    await robots.say('status', 'ST-1', { n: 1 });
    await robots.say('status', 'ST-1', { n: 2 });
    await robots.settled();
    await robots.redeliverAll(CONSUMERS.statusIngest);
    await robots.say('status', 'ST-2', { after: 'the repeat' });
    await waitFor(() => robots.ask(ROBOTS_REQUESTS.status, { robotId: 'ST-2' }));
    expect(await robots.ask(ROBOTS_REQUESTS.status, { robotId: 'ST-1' })).toMatchObject({ payload: { n: 2 } });
  });
});
