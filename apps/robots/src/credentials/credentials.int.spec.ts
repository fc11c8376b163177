import { jetstream } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { type DeviceCredentialsDto, ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';
import { waitFor } from '../../../../test/support/wait.js';
import { BrokerAccount } from './broker.account.js';

describe('device credentials', () => {
  let robots: RobotsUnderTest;
  const open: NatsConnection[] = [];

  beforeAll(async () => {
    robots = await RobotsUnderTest.start({ DEVICE_NATS_URLS: 'nats://devices.example.com:4222' });
  });

  afterAll(async () => {
    for (const connection of open) await connection.close();
    await robots.stop();
  });

  const issue = (robotId: string): Promise<DeviceCredentialsDto> =>
    robots.ask(ROBOTS_REQUESTS.issueCredentials, { robotId, by: 'user:admin' });
  const revoke = (robotId: string): Promise<{ revoked: number }> =>
    robots.ask(ROBOTS_REQUESTS.revokeCredentials, { robotId, by: 'user:admin' });
  async function connectAs({ creds, inboxPrefix }: DeviceCredentialsDto): Promise<NatsConnection> {
    const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
    const connection = await connect({ servers: robots.broker.url, authenticator, inboxPrefix, reconnect: false });
    open.push(connection);
    return connection;
  }
  const envelope = (robotId: string, type: string, payload: object): string =>
    JSON.stringify({
      payloadVersion: 1,
      messageId: crypto.randomUUID(),
      robotId,
      type,
      payload,
      sentAt: new Date().toISOString(),
    });

  it('enrols an unknown robot and answers all that it needs', async () => {
    const answer = await issue('CR-1');
    expect(answer).toEqual({
      robotId: 'CR-1',
      creds: expect.stringContaining('BEGIN USER NKEY SEED'),
      urls: ['nats://devices.example.com:4222'],
      inboxPrefix: '_INBOX_CR-1',
      stream: 'ROBOT_COMMANDS',
      consumer: 'robot_CR-1',
      settingsConsumer: 'settings_CR-1',
      issuedAt: expect.stringMatching(/Z$/),
    });
    await waitFor(() => robots.eventsOf('CR-1', 'registered').length === 1);
    expect(await robots.ask(ROBOTS_REQUESTS.get, { robotId: 'CR-1' })).toMatchObject({ presence: 'unknown' });
    await expect(issue('not.one.token')).rejects.toMatchObject({ code: 'ROBOT_ID_INVALID' });
  });

  it('stores no secret', async () => {
    const [row] = await robots.query(`SELECT * FROM "robots"."device_credentials" WHERE "robotId" = 'CR-1'`);
    expect(row).toMatchObject({ userId: expect.stringMatching(/^U/), issuedBy: 'user:admin', revokedAt: null });
    expect(JSON.stringify(row)).not.toContain('SU');
  });

  it('let a robot speak for itself, and receive commands and settings from its durables', async () => {
    const credentials = await issue('CR-2');
    const robot = await connectAs(credentials);
    await jetstream(robot).publish('robots.identity.CR-2', envelope('CR-2', 'identity', { model: 'real' }));
    await waitFor(() => robots.eventsOf('CR-2', 'identity.updated').length === 1);
    await robots.ask(ROBOTS_REQUESTS.setDesired, { robotId: 'CR-2', payload: { x: 1 }, by: 'user:1' });
    const settings = await jetstream(robot).consumers.get(credentials.stream, credentials.settingsConsumer);
    const message = await settings.next({ expires: 5_000 });
    expect(message?.json()).toMatchObject({ type: 'settings.desired', payload: { x: 1 } });
    const commands = await jetstream(robot).consumers.get(credentials.stream, credentials.consumer);
    const command = await commands.next({ expires: 5_000 });
    expect(command?.json()).toMatchObject({ type: 'cmd', payload: { commandType: 'report_capability' } });
  });

  it.each(['robots.identity.CR-1', 'robots.cmd.CR-2', 'events.robots.CR-2.x', '$JS.API.STREAM.NAMES'])(
    'do not let it publish on %s',
    async (subject) => {
      const robot = await connectAs(await issue('CR-2'));
      const violation = (async () => {
        for await (const status of robot.status()) if (status.type === 'error') return status.error.message;
        return 'closed';
      })();
      robot.publish(subject, '{}');
      expect(await violation).toMatch(/permissions violation/i);
    },
  );

  it('revocation disconnects every session of that robot, keeps it out, and leaves others alone', async () => {
    const [first, second, other] = [await issue('CR-3'), await issue('CR-3'), await issue('CR-4')];
    const sessions = [await connectAs(first), await connectAs(second)];
    const neighbour = await connectAs(other);
    expect(await revoke('CR-3')).toEqual({ revoked: 2 });
    for (const session of sessions) expect(String(await session.closed())).toMatch(/authenticat|revoked/i);
    await expect(connectAs(first)).rejects.toThrow(/authoriz/i);
    await expect(connectAs(second)).rejects.toThrow(/authoriz/i);
    expect(neighbour.isClosed()).toBe(false);
    const rows = await robots.query(
      `SELECT "revokedBy", "pushedAt" FROM "robots"."device_credentials" WHERE "robotId" = 'CR-3'`,
    );
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row).toEqual({ revokedBy: 'user:admin', pushedAt: expect.any(Date) });
  });

  it('says when there is nothing to revoke', async () => {
    await expect(revoke('CR-3')).rejects.toMatchObject({ code: 'CREDENTIALS_NOT_FOUND' });
    await expect(revoke('NOBODY')).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
  });

  it('new credentials after a revocation work, and a later revocation of another robot lets nobody back in', async () => {
    const old = await issue('CR-5');
    await revoke('CR-5');
    await connectAs(await issue('CR-5'));
    await revoke('CR-4');
    await expect(connectAs(old)).rejects.toThrow(/authoriz/i);
    const commands = await jetstream(robots.admin).jetstreamManager();
    await commands.consumers.info('ROBOT_COMMANDS', 'robot_CR-5');
  });

  it('new credentials after a revocation go on where the old ones were: nothing taken before comes again', async () => {
    const desire = (x: number): Promise<{ ok: true }> =>
      robots.ask(ROBOTS_REQUESTS.setDesired, { robotId: 'CR-7', payload: { x }, by: 'user:1' });
    const take = async (credentials: DeviceCredentialsDto): Promise<unknown> => {
      const robot = await connectAs(credentials);
      const consumer = await jetstream(robot).consumers.get(credentials.stream, credentials.settingsConsumer);
      const message = await consumer.next({ expires: 5_000 });
      await message?.ackAck();
      return message?.json<{ payload: unknown }>().payload;
    };
    const old = await issue('CR-7');
    await desire(1);
    expect(await take(old)).toEqual({ x: 1 });
    await revoke('CR-7');
    await desire(2);
    expect(await take(await issue('CR-7'))).toEqual({ x: 2 });
  });

  it('a revocation that could not be pushed is pushed by the next start', async () => {
    const credentials = await issue('CR-6');
    const robot = await connectAs(credentials);
    const account = robots.replica.app.get(BrokerAccount);
    const spy = jest.spyOn(account, 'revoke').mockRejectedValue(new Error('the system account is away'));
    await expect(revoke('CR-6')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(robot.isClosed()).toBe(false);
    await robots.stopReplica(robots.replica);
    spy.mockRestore();
    await robots.addReplica();
    expect(String(await robot.closed())).toMatch(/authenticat|revoked/i);
  });

  it('two replicas that revoke at once forget nobody', async () => {
    const second = await robots.addReplica();
    const ids = Array.from({ length: 6 }, (_, n) => `CR-P${n}`);
    const all = await Promise.all(ids.map(issue));
    await Promise.all(ids.map(revoke));
    for (const credentials of all) await expect(connectAs(credentials)).rejects.toThrow(/authoriz/i);
    await robots.stopReplica(second);
  });
});
