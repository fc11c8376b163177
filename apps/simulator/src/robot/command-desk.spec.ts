import { systemClock } from '../clock.js';
import { defaultFloorPlan } from '../world/floor-plan.js';
import { seededRandom } from '../world/random.js';
import { type Ack, CommandDesk } from './command-desk.js';
import { RobotMachine } from './machine.js';
import { sampleRobotConfigs } from './robot-config.js';
import { settingsLimits } from './settings.js';

const [config] = sampleRobotConfigs();
const FUTURE = '2999-01-01T00:00:00Z';

function desk({ failureRate = 0 } = {}) {
  const acks: Ack[] = [];
  const done: string[] = [];
  const machine = new RobotMachine({
    config,
    plan: defaultFloorPlan(),
    random: seededRandom(1),
    autonomous: false,
    settings: settingsLimits(config.capabilities.maxSpeedMps, 1).defaults,
  });
  const subject = new CommandDesk({
    machine,
    supportedCommands: config.capabilities.supportedCommands.filter((type) => type !== 'undock'),
    random: seededRandom(1),
    failureRate,
    clock: systemClock,
    actions: {
      acknowledge: (ack) => acks.push(ack),
      reportIdentity: () => done.push('identity'),
      reportCapability: () => done.push('capability'),
      reboot: () => done.push('reboot'),
      executed: (commandId) => done.push(commandId),
    },
  });
  const send = (commandId: string, commandType: string, payload = {}, expiresAt = FUTURE): void =>
    subject.take({ commandId, commandType, payload, expiresAt });
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      const report = machine.step(1);
      if (report !== undefined) subject.follow(report);
    }
  };
  const saidOf = (commandId: string): string[] =>
    acks.filter((ack) => ack.commandId === commandId).map((a) => a.status);
  return { acks, done, machine, subject, send, pass, saidOf };
}

describe('taking commands', () => {
  it('ROB-032 accepts, reports progress and completes a trip', () => {
    const { acks, send, pass } = desk();
    send('c1', 'goto', { station: 'shipping' });
    pass(120);
    expect(acks.map(({ status }) => status)).toEqual([
      'ACCEPTED',
      ...Array.from({ length: 5 }, () => 'PROGRESS'),
      'COMPLETED',
    ]);
    const progress = acks.flatMap((ack) => (ack.status === 'PROGRESS' ? [ack.progress] : []));
    expect(progress[0]).toBe(0);
    expect(progress).toEqual(progress.toSorted((a, b) => Number(a) - Number(b)));
    expect(acks.at(-1)).toMatchObject({ progress: 100, result: { station: 'shipping' } });
  });

  it.each([
    ['undock', {}, 'UNSUPPORTED_COMMAND'],
    ['dance', {}, 'UNSUPPORTED_COMMAND'],
    ['goto', {}, 'INVALID_PAYLOAD'],
    ['goto', { station: 'the moon' }, 'UNKNOWN_STATION'],
    ['set_light', { color: 3 }, 'INVALID_PAYLOAD'],
  ])('ROB-032 rejects %s %j', (commandType, payload, code) => {
    const { acks, done, send } = desk();
    send('c1', commandType, payload);
    expect(acks).toEqual([{ commandId: 'c1', status: 'REJECTED', error: { code, message: expect.any(String) } }]);
    expect(done).toEqual([]);
  });

  it.each(['2001-01-01T00:00:00Z', 'whenever'])('refuses a command that expires at %s', (expiresAt) => {
    const { acks, done, send } = desk();
    send('c1', 'identify', {}, expiresAt);
    expect(acks).toMatchObject([{ status: 'REJECTED', error: { code: 'EXPIRED' } }]);
    expect(done).toEqual([]);
  });

  it('executes a command id once and answers its repetition with what it said last', () => {
    const { acks, done, send, pass, saidOf } = desk();
    send('c1', 'identify');
    send('c1', 'identify');
    expect(done).toEqual(['c1', 'identity']);
    expect(saidOf('c1')).toEqual(['ACCEPTED', 'COMPLETED', 'COMPLETED']);
    send('c2', 'goto', { station: 'shipping' });
    pass(1);
    send('c2', 'goto', { station: 'shipping' });
    expect(acks.at(-1)).toEqual({ commandId: 'c2', status: 'PROGRESS', progress: 0 });
    expect(done).toEqual(['c1', 'identity', 'c2']);
  });

  it('remembers a bounded number of commands', () => {
    const { done, send } = desk();
    for (let index = 0; index < 2_001; index++) send(`c${index}`, 'pause');
    send('c2000', 'pause');
    expect(done).toHaveLength(2_001);
    send('c0', 'pause');
    expect(done).toHaveLength(2_002);
  });

  it('lets a later trip, a stop or a reboot end the one underway', () => {
    const { send, pass, saidOf, acks } = desk();
    send('c1', 'goto', { station: 'shipping' });
    send('c2', 'goto', { station: 'receiving' });
    pass(1);
    send('c3', 'stop');
    expect(acks.filter(({ status }) => status === 'FAILED')).toMatchObject([
      { commandId: 'c1', error: { code: 'SUPERSEDED' } },
      { commandId: 'c2', error: { code: 'STOPPED' } },
    ]);
    pass(100);
    expect(saidOf('c2')).toEqual(['ACCEPTED', 'PROGRESS', 'FAILED']);
    expect(saidOf('c3')).toEqual(['ACCEPTED', 'COMPLETED']);
  });

  it('completes a reboot when the robot is back, and refuses everything until then', () => {
    const { machine, subject, send, saidOf, done } = desk();
    send('c1', 'reboot');
    send('c2', 'goto', { station: 'shipping' });
    expect([saidOf('c1'), saidOf('c2'), machine.state]).toEqual([['ACCEPTED', 'PROGRESS'], ['REJECTED'], 'rebooting']);
    machine.boot();
    subject.rebooted();
    expect([saidOf('c1').at(-1), machine.state]).toEqual(['COMPLETED', 'idle']);
    expect(done).toEqual(['reboot', 'c1']);
  });

  it('fails what chance wants to fail, and never an identity request', () => {
    const { acks, send, pass } = desk({ failureRate: 1 });
    send('c1', 'goto', { station: 'shipping' });
    pass(120);
    send('c2', 'set_light', { color: 'green' });
    send('c3', 'identify');
    const last = new Map(acks.map((ack) => [ack.commandId, ack]));
    expect(last.get('c1')).toMatchObject({ status: 'FAILED', error: { code: 'OBSTACLE' } });
    expect(last.get('c2')).toMatchObject({ status: 'FAILED', error: { code: 'DEVICE_FAULT' } });
    expect(last.get('c3')).toMatchObject({ status: 'COMPLETED' });
  });
});
