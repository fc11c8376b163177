import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { robotConsumers, robotUser } from '#libs/contracts';
import { startTestBroker, type TestBroker } from '../../../../test/support/broker.js';
import { accountClaims, pushAccountClaims } from './account.js';
import { mintUser, readCreds, type MintedUser } from './user.js';

describe('the broker in operator mode', () => {
  let broker: TestBroker;
  const open: NatsConnection[] = [];

  beforeAll(async () => {
    broker = await startTestBroker();
    const manager = await jetstreamManager(await use('admin'));
    await manager.streams.add({ name: 'ROBOT_COMMANDS', subjects: ['robots.cmd.*', 'robots.settings.desired.*'] });
    for (const robotId of ['RB-1', 'RB-2']) {
      const { durable, filter } = robotConsumers(robotId).commands;
      await manager.consumers.add('ROBOT_COMMANDS', {
        durable_name: durable,
        filter_subject: filter,
        ack_policy: 'explicit',
      });
    }
  });

  afterAll(async () => {
    for (const connection of open) await connection.close();
    await broker.stop();
  });

  async function use(user: string | { creds: string; name: string }, reconnect = true): Promise<NatsConnection> {
    const connection = await broker.connect(user, { reconnect });
    open.push(connection);
    return connection;
  }

  function mintRobot(robotId: string): Promise<MintedUser> {
    return mintUser(broker.keys, { name: robotId, permissions: robotUser(robotId, robotConsumers(robotId)) });
  }

  async function useRobot(robotId: string): Promise<NatsConnection> {
    return use({ creds: (await mintRobot(robotId)).creds, name: robotId }, false);
  }

  async function violations(connection: NatsConnection, act: () => void): Promise<string> {
    const seen = (async () => {
      for await (const status of connection.status()) if (status.type === 'error') return status.error.message;
      return 'closed';
    })();
    act();
    await connection.flush();
    return seen;
  }

  it('refuses anonymous connections and passwords', async () => {
    const anonymous = connect({ servers: broker.url, reconnect: false });
    await expect(anonymous).rejects.toThrow(/authorization violation/i);
    const password = connect({ servers: broker.url, user: 'admin', pass: 'admin', reconnect: false });
    await expect(password).rejects.toThrow(/authorization violation/i);
  });

  it('lets a robot publish on its own subjects and hear its own commands', async () => {
    const admin = await use('admin');
    const robot = await useRobot('RB-1');
    const commands = robot.subscribe('robots.cmd.RB-1', { max: 1 });
    const heard = admin.subscribe('robots.telemetry.RB-1', { max: 1 });
    await Promise.all([robot.flush(), admin.flush()]);
    robot.publish('robots.telemetry.RB-1', 'from the robot');
    admin.publish('robots.cmd.RB-1', 'to the robot');
    for await (const message of heard) expect(message.string()).toBe('from the robot');
    for await (const message of commands) expect(message.string()).toBe('to the robot');
  });

  it.each(['robots.telemetry.RB-2', 'robots.cmd.RB-1', 'robots.cmd.ack.RB-2', 'events.robots.RB-1.x', '$JS.API.INFO'])(
    'refuses a robot to publish on %s and keeps its connection',
    async (subject) => {
      const robot = await useRobot('RB-1');
      const reason = await violations(robot, () => robot.publish(subject, 'no'));
      expect(reason).toMatch(/permissions violation/i);
      expect(robot.isClosed()).toBe(false);
    },
  );

  it.each(['robots.cmd.RB-2', 'robots.>', '>', 'live.>', '_INBOX_RB-2.>', '_INBOX.>'])(
    'refuses a robot to subscribe to %s',
    async (subject) => {
      const robot = await useRobot('RB-1');
      const refused = new Promise<string>((resolve) => {
        robot.subscribe(subject, { callback: (error) => resolve(error?.message ?? 'allowed') });
      });
      expect(await refused).toMatch(/permissions violation/i);
    },
  );

  it('lets a robot fetch and acknowledge from its own durable', async () => {
    const admin = await use('admin');
    await jetstream(admin).publish('robots.cmd.RB-1', 'kept');
    const consumer = await jetstream(await useRobot('RB-1'), { checkAPI: false } as object).consumers.get(
      'ROBOT_COMMANDS',
      'robot_RB-1',
    );
    const message = await consumer.next({ expires: 5_000 });
    expect(message?.subject).toBe('robots.cmd.RB-1');
    expect(await message?.ackAck()).toBe(true);
  });

  it("refuses a robot another robot's durable", async () => {
    const robot = await useRobot('RB-1');
    const foreign = jetstream(robot).consumers.get('ROBOT_COMMANDS', 'robot_RB-2');
    await expect(foreign).rejects.toThrow(/permissions violation/i);
  });

  it('keeps a service to its own subjects', async () => {
    const telemetry = await use('telemetry');
    const reason = await violations(telemetry, () => telemetry.publish('robots.cmd.RB-1', 'no'));
    expect(reason).toMatch(/permissions violation/i);
  });

  it('refuses users of another operator', async () => {
    const foreigner = await startTestBroker({ ownKeys: true });
    const creds = (await mintUser(foreigner.keys, { name: 'x', permissions: { publish: ['>'], subscribe: ['>'] } }))
      .creds;
    await foreigner.stop();
    const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
    await expect(connect({ servers: broker.url, authenticator, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('disconnects a revoked robot, and keeps it out after a restart', async () => {
    const system = await use('system');
    const minted = await mintRobot('RB-9');
    const robot = await use({ creds: minted.creds, name: 'RB-9' }, false);
    const other = await useRobot('RB-1');
    const closed = robot.closed();
    const revocations = new Map([[minted.userId, new Date()]]);
    await pushAccountClaims(system, await accountClaims(broker.keys, revocations));
    expect(String(await closed)).toMatch(/authenticat|revoked/i);
    expect(other.isClosed()).toBe(false);
    await expect(broker.connect({ creds: minted.creds, name: 'RB-9' }, { reconnect: false })).rejects.toThrow(
      /authoriz/i,
    );
    await broker.restart();
    await expect(broker.connect({ creds: minted.creds, name: 'RB-9' }, { reconnect: false })).rejects.toThrow(
      /authoriz/i,
    );
    await useRobot('RB-9');
  });

  it('applies two claims of the same second in order', async () => {
    const system = await use('system');
    const [first, second] = [await mintRobot('RB-7'), await mintRobot('RB-8')];
    const revokedAt = new Date();
    const one = new Map([[first.userId, revokedAt]]);
    const both = new Map([...one, [second.userId, revokedAt]]);
    await pushAccountClaims(system, await accountClaims(broker.keys, one));
    await pushAccountClaims(system, await accountClaims(broker.keys, both));
    for (const { creds } of [first, second]) {
      await expect(broker.connect({ creds, name: 'RB-7' }, { reconnect: false })).rejects.toThrow(/authoriz/i);
    }
    expect((await readCreds(second.creds)).userId).toBe(second.userId);
  });

  it('says why claims are refused', async () => {
    const system = await use('system');
    await expect(pushAccountClaims(system, 'no claims')).rejects.toThrow(/refused/);
  });
});
