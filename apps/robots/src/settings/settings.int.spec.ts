import { ROBOTS_REQUESTS } from '#libs/contracts';
import { PublishFailedError } from '#libs/jetstream';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { RobotPublisher } from '../robot.publisher.js';

describe('settings', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
  });

  afterAll(async () => {
    await robots.stop();
  });

  const appears = async (robotId: string): Promise<void> => {
    await robots.say('status', robotId, {});
    await waitFor(() => robots.eventsOf(robotId, 'registered').length > 0);
  };
  const want = (robotId: string, payload: Record<string, unknown>): Promise<{ ok: true }> =>
    robots.ask(ROBOTS_REQUESTS.setDesired, { robotId, payload, by: 'user:1' });
  const deltaOf = (robotId: string): Promise<Record<string, any>> =>
    robots.ask(ROBOTS_REQUESTS.settingsDelta, { robotId });
  const reportedOf = (robotId: string): Promise<Record<string, any>> =>
    robots.ask(ROBOTS_REQUESTS.settingsReported, { robotId });

  it('ROB-052 ROB-070 sends desired settings in a whole envelope', async () => {
    await appears('SE-1');
    expect(await want('SE-1', { x: 1 })).toEqual({ ok: true });
    const [message] = await waitFor(async () => {
      const sent = await robots.sentTo('SE-1', 'settingsDesired');
      return sent.length > 0 && sent;
    });
    expect(message).toMatchObject({
      payloadVersion: 1,
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      robotId: 'SE-1',
      sentAt: expect.stringMatching(/Z$/),
      correlationId: null,
      type: 'settings.desired',
      payload: { x: 1 },
    });
  });

  it('ROB-007 shows what the robot reports, never what was wanted, and the difference', async () => {
    await appears('SE-2');
    await robots.say('settingsReported', 'SE-2', { speed: 1 });
    await waitFor(() => reportedOf('SE-2'));
    await want('SE-2', { speed: 2 });
    expect((await reportedOf('SE-2'))['payload']).toEqual({ speed: 1 });
    expect(await deltaOf('SE-2')).toMatchObject({
      desired: { speed: 2 },
      desiredVersion: 1,
      reported: { speed: 1 },
      delta: { '/speed': { desired: 2, reported: 1 } },
      inSync: false,
    });
    await robots.say('settingsReported', 'SE-2', { speed: 1.5 });
    await waitFor(async () => (await reportedOf('SE-2'))['payload'].speed === 1.5);
    await robots.say('settingsReported', 'SE-2', { speed: 2, volume: 3 });
    await waitFor(async () => (await deltaOf('SE-2'))['inSync'] === true);
    const robot = await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'SE-2' });
    expect(robot.reportedSettings).toEqual({ speed: 2, volume: 3 });
    expect(robots.eventsOf('SE-2', 'settings.updated').map(({ body }) => body['payload'])).toEqual([
      { speed: 1 },
      { speed: 1.5 },
      { speed: 2, volume: 3 },
    ]);
  });

  it('counts versions of what is wanted and remembers who asked', async () => {
    await want('SE-2', { speed: 3 });
    expect(await deltaOf('SE-2')).toMatchObject({ desiredVersion: 2, desired: { speed: 3 } });
    const rows = await robots.query(`SELECT "requestedBy" FROM "robots"."desired_settings" WHERE "robotId" = 'SE-2'`);
    expect(rows).toEqual([{ requestedBy: 'user:1' }]);
  });

  it('says what is wrong with a request, and sends nothing', async () => {
    await appears('SE-3');
    const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
      answer.catch((error: { code: string; details: unknown }) => [error.code, error.details]);
    expect(await codeOf(want('NOBODY', {}))).toEqual(['ROBOT_NOT_FOUND', { robotId: 'NOBODY' }]);
    expect(await codeOf(want('SE-3', { a: 'x'.repeat(70_000) }))).toEqual([
      'PAYLOAD_TOO_LARGE',
      { robotId: 'SE-3', sizeBytes: 70_008, maxBytes: 65_536 },
    ]);
    expect(await codeOf(want('SE-3', { a: '\u0000' }))).toMatchObject(['VALIDATION_FAILED', {}]);
    expect(await codeOf(reportedOf('SE-3'))).toMatchObject(['SETTINGS_NOT_FOUND', {}]);
    expect(await codeOf(deltaOf('NOBODY'))).toMatchObject(['ROBOT_NOT_FOUND', {}]);
    expect(await robots.sentTo('SE-3', 'settingsDesired')).toEqual([]);
    expect(await deltaOf('SE-3')).toMatchObject({ desired: null, desiredVersion: 0, inSync: true });
  });

  it('checks settings against the schema that the robot published', async () => {
    const settingsSchema = { type: 'object', properties: { speed: { type: 'number', maximum: 2 } } };
    await robots.say('capability', 'SE-4', { settingsSchema });
    await waitFor(() => robots.eventsOf('SE-4', 'capability.updated').length > 0);
    await expect(want('SE-4', { speed: 3 })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { problems: [{ path: 'payload/speed', message: 'must be <= 2' }] },
    });
    expect(await want('SE-4', { speed: 2 })).toEqual({ ok: true });
  });

  it('tells a report that was stored when telling it failed', async () => {
    const publisher = robots.replica.app.get(RobotPublisher);
    const spy = jest.spyOn(publisher, 'reported').mockRejectedValueOnce(new PublishFailedError('the broker is away'));
    await robots.say('settingsReported', 'SE-5', { a: 1 });
    await waitFor(() => robots.eventsOf('SE-5', 'settings.updated').length === 1);
    expect(spy).toHaveBeenCalledTimes(2);
    spy.mockRestore();
  });

  it('sends what was accepted while the broker was away, the newest only, once', async () => {
    await appears('SE-6');
    const { connection, outbox } = await internals();
    const away = jest.spyOn(connection, 'isConnected', 'get').mockReturnValue(false);
    for (const n of [1, 2, 3]) await outbox.set({ robotId: 'SE-6', payload: { n }, by: 'user:1' });
    expect(await robots.sentTo('SE-6', 'settingsDesired')).toEqual([]);
    away.mockRestore();
    await waitFor(async () => (await robots.sentTo('SE-6', 'settingsDesired')).length > 0);
    await waitFor(async () => (await robots.query(`SELECT 1 FROM "robots"."outbox"`)).length === 0);
    expect((await robots.sentTo('SE-6', 'settingsDesired')).map(({ payload }) => payload)).toEqual([{ n: 3 }]);
  });

  async function internals() {
    const { BrokerConnection } = await import('#libs/jetstream');
    const { DesiredService } = await import('./desired.service.js');
    const { app } = robots.replica;
    return { connection: app.get(BrokerConnection), outbox: app.get(DesiredService) };
  }
});
