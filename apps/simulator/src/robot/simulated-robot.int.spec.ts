import { randomUUID } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { accountClaims, mintUser, pushAccountClaims } from '#libs/auth';
import {
  decodeMessage,
  type Envelope,
  inboxPrefixOf,
  type JsonObject,
  type MessageContract,
  ROBOT_MESSAGES,
  type RobotMessageName,
  robotConsumers,
  robotSubject,
  robotUser,
} from '#libs/contracts';
import { BrokerConnection, provision, provisionConsumer } from '#libs/jetstream';
import { startTestBroker, type TestBroker } from '../../../../test/support/broker.js';
import { silentLog } from '../log.js';
import type { SimulatedRobotOptions } from './behaviour.js';
import { DurableMissingError } from './intake.js';
import { CredentialsRefusedError, type RobotCredentials } from './link.js';
import { type RobotConfig, sampleRobotConfigs } from './robot-config.js';
import { SimulatedRobot } from './simulated-robot.js';

type Heard = Envelope<JsonObject>;

describe('a simulated robot on a real broker', () => {
  let broker: TestBroker;
  let platform: BrokerConnection;
  let admin: NatsConnection;
  const robots: SimulatedRobot[] = [];

  beforeAll(async () => {
    broker = await startTestBroker({ ownKeys: true });
    platform = await BrokerConnection.open({
      url: broker.url,
      credsFile: broker.credsFile('admin'),
      name: 'admin',
      inboxPrefix: inboxPrefixOf('admin'),
    });
    admin = platform.nc;
    await provision(platform, { replicas: 1 });
  });

  afterEach(async () => {
    for (const robot of robots.splice(0)) await robot.stop();
  });

  afterAll(async () => {
    await platform.close();
    await broker.stop();
  });

  function configOf(robotId: string, mode: 'REAL' | 'MOCK' = 'MOCK'): RobotConfig {
    const [carrier] = sampleRobotConfigs();
    return { ...carrier, identity: { ...carrier.identity, robotId }, runtime: { mode } };
  }

  async function credentialsOf(robotId: string): Promise<RobotCredentials & { userId: string }> {
    const durables = robotConsumers(robotId);
    for (const durable of Object.values(durables)) await provisionConsumer(platform, durable);
    const minted = await mintUser(broker.keys, { name: robotId, permissions: robotUser(robotId, durables) });
    return {
      ...minted,
      urls: [broker.url],
      inboxPrefix: inboxPrefixOf(robotId),
      stream: durables.commands.stream,
      consumer: durables.commands.durable,
      settingsConsumer: durables.settings.durable,
    };
  }

  async function startRobot(
    config: RobotConfig,
    options: Partial<SimulatedRobotOptions> = {},
  ): Promise<SimulatedRobot> {
    const credentials = options.credentials ?? (await credentialsOf(config.identity.robotId));
    const quick = { autonomous: false, telemetryHz: 20, tickMs: 20, timeFactor: 60, rebootS: 0.2 };
    const robot = new SimulatedRobot({ ...quick, ...options, config, credentials });
    robots.push(robot);
    await robot.start();
    return robot;
  }

  /** What a stream holds of a robot, checked as the platform checks it. */
  async function storedBy(robotId: string, name: RobotMessageName): Promise<Heard[]> {
    const contract: MessageContract = ROBOT_MESSAGES[name];
    const subject = robotSubject(contract.subject, robotId);
    const manager = await jetstreamManager(admin);
    const { state } = await manager.streams.info(contract.stream, { subjects_filter: subject });
    if ((state.subjects?.[subject] ?? 0) === 0) return [];
    const consumer = await jetstream(admin).consumers.get(contract.stream, { filter_subjects: subject });
    const heard: Heard[] = [];
    const messages = await consumer.fetch({ max_messages: state.subjects?.[subject] ?? 0, expires: 2_000 });
    for await (const { data, headers } of messages) {
      const { envelope } = decodeMessage(contract, subject, data);
      expect(headers?.get('Nats-Msg-Id')).toBe(`${robotId}:${contract.type}:${envelope.messageId}`);
      heard.push(envelope as Heard);
    }
    return heard;
  }

  async function until<T>(read: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
    const deadlineMs = Date.now() + 20_000;
    for (let value = await read(); ; value = await read()) {
      if (holds(value)) return value;
      if (Date.now() > deadlineMs) throw new Error(`it never came true: ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async function publish(name: 'command' | 'settingsDesired', robotId: string, payload: JsonObject): Promise<string> {
    const { type, subject } = ROBOT_MESSAGES[name];
    const correlationId = typeof payload['commandId'] === 'string' ? payload['commandId'] : randomUUID();
    const envelope = { payloadVersion: 1, messageId: randomUUID(), robotId, sentAt: new Date().toISOString() };
    const text = JSON.stringify({ ...envelope, correlationId, type, payload });
    await jetstream(admin).publish(robotSubject(subject, robotId), text);
    return correlationId;
  }

  async function command(robotId: string, commandType: string, more: JsonObject = {}): Promise<string> {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    return publish('command', robotId, { commandId: randomUUID(), commandType, payload: {}, expiresAt, ...more });
  }

  async function acksOf(robotId: string, commandId: string): Promise<JsonObject[]> {
    const acks = await storedBy(robotId, 'commandAck');
    return acks.filter((ack) => ack.correlationId === commandId).map((ack) => ack.payload);
  }

  const isFinal = (acks: JsonObject[]): boolean =>
    acks.some(({ status }) => ['COMPLETED', 'FAILED', 'REJECTED'].includes(String(status)));

  it('ROB-030 speaks on the subjects of the robotId in its robot_config.json', async () => {
    await startRobot(configOf('RB-030-A'));
    await startRobot(configOf('RB-030-B'));
    for (const robotId of ['RB-030-A', 'RB-030-B']) {
      const [identity] = await until(
        () => storedBy(robotId, 'identity'),
        (heard) => heard.length > 0,
      );
      expect([identity?.robotId, identity?.payload['model']]).toEqual([robotId, 'Carrier 120']);
    }
  });

  it('ROB-032 publishes all six kinds of message in valid envelopes', async () => {
    await startRobot(configOf('RB-032-A'));
    await publish('settingsDesired', 'RB-032-A', { maxSpeedMps: 0.7 });
    const commandId = await command('RB-032-A', 'identify');
    await until(() => acksOf('RB-032-A', commandId), isFinal);
    const kinds = ['identity', 'capability', 'status', 'telemetry', 'settingsReported', 'commandAck'] as const;
    for (const kind of kinds) {
      const heard = await until(
        () => storedBy('RB-032-A', kind),
        (messages) => messages.length > 0,
      );
      expect(heard[0]).toMatchObject({ payloadVersion: 1, robotId: 'RB-032-A', type: ROBOT_MESSAGES[kind].type });
    }
    const [capability] = await storedBy('RB-032-A', 'capability');
    expect(capability?.payload).toMatchObject({ maxSpeedMps: 1.8, payloadKg: 120, charging: true, docking: true });
    const [sample] = await storedBy('RB-032-A', 'telemetry');
    expect(sample?.payload).toMatchObject({ sequence: 1, position: { mapId: 'hall-1' }, errors: [] });
  });

  it('ROB-032 acknowledges a trip with accept, then progress, then the result', async () => {
    await startRobot(configOf('RB-032-B'));
    const commandId = await command('RB-032-B', 'goto', { payload: { station: 'shipping' } });
    const acks = await until(() => acksOf('RB-032-B', commandId), isFinal);
    const said = acks.map(({ status }) => status);
    expect([said[0], said[1], said.at(-1)]).toEqual(['ACCEPTED', 'PROGRESS', 'COMPLETED']);
    expect(acks.every((ack) => ack['commandId'] === commandId)).toBe(true);
    expect(acks.at(-1)?.['result']).toEqual({ station: 'shipping' });
  });

  it('ROB-032 rejects a command it does not support, and one that came too late', async () => {
    const robot = await startRobot(configOf('RB-032-C'));
    const unknown = await command('RB-032-C', 'dance');
    const late = await command('RB-032-C', 'identify', { expiresAt: '2001-01-01T00:00:00Z' });
    expect(await until(() => acksOf('RB-032-C', unknown), isFinal)).toMatchObject([
      { status: 'REJECTED', error: { code: 'UNSUPPORTED_COMMAND' } },
    ]);
    expect(await until(() => acksOf('RB-032-C', late), isFinal)).toMatchObject([
      { status: 'REJECTED', error: { code: 'EXPIRED' } },
    ]);
    expect(robot.counters.executed).toBe(0);
  });

  it('ROB-032 executes a command once although it is delivered twice', async () => {
    const executed: string[] = [];
    const observer = { executed: (commandId: string) => executed.push(commandId) };
    await startRobot(configOf('RB-032-D'), { observer });
    const commandId = randomUUID();
    await command('RB-032-D', 'set_light', { commandId, payload: { color: 'green' } });
    await until(() => acksOf('RB-032-D', commandId), isFinal);
    await command('RB-032-D', 'set_light', { commandId, payload: { color: 'green' } });
    const acks = await until(
      () => acksOf('RB-032-D', commandId),
      (heard) => heard.length >= 3,
    );
    expect(acks.map(({ status }) => status)).toEqual(['ACCEPTED', 'COMPLETED', 'COMPLETED']);
    expect(executed).toEqual([commandId]);
  });

  it('reports the settings it applied, which need not be the ones desired', async () => {
    await startRobot(configOf('RB-S'));
    const correlationId = await publish('settingsDesired', 'RB-S', { maxSpeedMps: 99, lowBatteryPercent: 40 });
    const reported = await until(
      () => storedBy('RB-S', 'settingsReported'),
      (heard) => heard.some((message) => message.correlationId === correlationId),
    );
    expect(reported.at(-1)?.payload).toEqual({ maxSpeedMps: 1.8, telemetryHz: 20, lowBatteryPercent: 40 });
  });

  it('ROB-001 needs one connection to the broker and listens on no port', async () => {
    const listening = process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCPServer'));
    await startRobot(configOf('RB-001-A'));
    const commandId = await command('RB-001-A', 'goto', { payload: { station: 'kitting' } });
    await until(() => acksOf('RB-001-A', commandId), isFinal);
    const now = process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCPServer'));
    expect(now).toEqual(listening);
    const system = await broker.connect('system');
    const reply = await system.request('$SYS.REQ.SERVER.PING.CONNZ', JSON.stringify({}), { timeout: 5_000 });
    const { data } = reply.json<{ data: { connections: { name: string }[] } }>();
    await system.close();
    expect(data.connections.filter(({ name }) => name === 'RB-001-A')).toHaveLength(1);
  });

  it('ROB-008 says the same things on the same subjects in REAL and MOCK mode', async () => {
    const shapes = new Map<string, unknown>();
    for (const mode of ['REAL', 'MOCK'] as const) {
      const robotId = `RB-008-${mode}`;
      await startRobot(configOf(robotId, mode));
      const commandId = await command(robotId, 'set_light', { payload: { color: 'red' } });
      const acks = await until(() => acksOf(robotId, commandId), isFinal);
      const [identity] = await storedBy(robotId, 'identity');
      const [capability] = await storedBy(robotId, 'capability');
      expect(identity?.payload['runtime']).toEqual({ mode });
      const { runtime: _runtime, ...rest } = identity?.payload ?? {};
      const said = acks.map(({ commandId: _id, ...ack }) => ack);
      shapes.set(mode, { rest, capability: capability?.payload, said, keys: Object.keys(identity ?? {}) });
    }
    expect(shapes.get('REAL')).toEqual(shapes.get('MOCK'));
  });

  it('comes back from a reboot, introduces itself again and completes the command', async () => {
    const robot = await startRobot(configOf('RB-R'));
    const commandId = await command('RB-R', 'reboot');
    await until(
      () => robot.isUp,
      (isUp) => !isUp,
    );
    const acks = await until(() => acksOf('RB-R', commandId), isFinal);
    expect(acks.map(({ status }) => status)).toEqual(['ACCEPTED', 'PROGRESS', 'COMPLETED']);
    expect((await storedBy('RB-R', 'identity')).length).toBeGreaterThanOrEqual(2);
  });

  it('out of reach it misses no command and keeps its samples for later', async () => {
    const robot = await startRobot(configOf('RB-O'));
    await robot.goAway(1);
    const commandId = await command('RB-O', 'set_light', { payload: { color: 'blue' } });
    await until(
      () => robot.counters.waiting,
      (waiting) => waiting > 3,
    );
    expect(await until(() => acksOf('RB-O', commandId), isFinal)).toHaveLength(2);
    await until(
      () => robot.counters.waiting,
      (waiting) => waiting <= 1,
    );
    const sequences = (await storedBy('RB-O', 'telemetry')).map(({ payload }) => payload['sequence']);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
  });

  it('survives a restart of the broker without a gap or a repetition', async () => {
    const robot = await startRobot(configOf('RB-B'));
    await until(
      () => robot.counters.stored,
      (stored) => stored > 10,
    );
    await broker.kill();
    await broker.restart();
    const commandId = await until(
      () => command('RB-B', 'identify').catch(() => undefined),
      (id) => id !== undefined,
    );
    await until(() => acksOf('RB-B', commandId ?? ''), isFinal);
    await until(
      () => robot.counters.waiting,
      (waiting) => waiting <= 1,
    );
    const sequences = (await storedBy('RB-B', 'telemetry')).map(({ payload }) => payload['sequence']);
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
  });

  it('says so and stops when its credentials are revoked', async () => {
    const refusals: string[] = [];
    const lines: string[] = [];
    const log = { ...silentLog, error: (event: string) => lines.push(event) };
    const credentials = await credentialsOf('RB-X');
    const observer = { refused: (reason: string) => refusals.push(reason) };
    const robot = await startRobot(configOf('RB-X'), { credentials, observer, log });
    const bystander = await startRobot(configOf('RB-Y'));
    const system = await broker.connect('system');
    const revocations = new Map([[credentials.userId, new Date()]]);
    await pushAccountClaims(system, await accountClaims(broker.keys, revocations));
    await system.close();
    await until(
      () => refusals,
      (reasons) => reasons.length > 0,
    );
    expect([robot.isUp, bystander.isUp, lines]).toEqual([false, true, ['robot_credentials_refused']]);
    const retry = new SimulatedRobot({ config: configOf('RB-X'), credentials });
    await expect(retry.start()).rejects.toThrow(CredentialsRefusedError);
  });

  it('refuses to start where nobody made its durables', async () => {
    const credentials = await credentialsOf('RB-N');
    const manager = await jetstreamManager(admin);
    await manager.consumers.delete(credentials.stream, credentials.settingsConsumer);
    const robot = new SimulatedRobot({ config: configOf('RB-N'), credentials });
    await expect(robot.start()).rejects.toThrow(DurableMissingError);
    expect(await storedBy('RB-N', 'identity')).toEqual([]);
  });
});
