import { jetstreamManager } from '@nats-io/jetstream';
import { COMMANDS_REQUESTS, DISPATCHABILITY_NOTICE } from '#libs/contracts';
import { CommandsUnderTest } from '../../../test/support/commands-service.js';
import { waitFor } from '../../../test/support/wait.js';

let service: CommandsUnderTest;
const USER_ID = '6f1d2a34-0000-4000-8000-00000000aaaa';

beforeAll(async () => {
  service = await CommandsUnderTest.start({ COMMAND_SWEEP_INTERVAL_MS: '50' });
  for (const robotId of ['RB-1', 'RB-2', 'RB-3']) await service.enrol(robotId);
  await service.enrol('RB-OFF', false);
});
afterAll(() => service.stop());

const statusOf = async (commandId: string): Promise<string> => (await service.read(commandId)).status;

describe('a command on its way', () => {
  it('ROB-004 ROB-051 ROB-072 is logged, published with its id as correlationId, and answered by its id', async () => {
    const commandId = await service.send('RB-1', { commandType: 'goto', payload: { x: 1.5, name: 'Küche "A"' } });
    const envelope = await service.collect('RB-1');
    expect(envelope).toEqual({
      payloadVersion: 1,
      messageId: expect.any(String),
      robotId: 'RB-1',
      sentAt: expect.stringMatching(/Z$/),
      correlationId: commandId,
      type: 'cmd',
      payload: {
        commandId,
        commandType: 'goto',
        payload: { x: 1.5, name: 'Küche "A"' },
        expiresAt: (await service.row(commandId))['expiresAt'].toISOString(),
      },
    });
    expect((await service.stored('RB-1')).at(-1)).toMatchObject({ messageId: commandId });
  });

  it('ROB-037 is a row with the documented columns', async () => {
    const { commandId } = await service.ask(COMMANDS_REQUESTS.send, {
      robotId: 'RB-2',
      request: { commandType: 'dock', payload: { fast: true } },
      requester: { by: `user:${USER_ID}`, userId: USER_ID },
    });
    expect(await service.row(commandId)).toMatchObject({
      commandId,
      robotId: 'RB-2',
      commandType: 'dock',
      payloadJson: { fast: true },
      requestedByUserId: USER_ID,
      requestedBy: `user:${USER_ID}`,
      requestedAt: expect.any(Date),
      lastAckAt: null,
      status: 'REQUESTED',
    });
    const foreign = await service.send('RB-2');
    expect((await service.row(foreign))['requestedByUserId']).toBeNull();
  });

  it('ROB-029 touches no subject towards robots but their command subject', async () => {
    const subjects: string[] = [];
    const spy = service.admin.subscribe('robots.>', {
      callback: (_error, { subject }) => void subjects.push(subject),
    });
    await service.send('RB-3');
    await waitFor(() => subjects.length > 0);
    spy.unsubscribe();
    expect(subjects).toEqual(['robots.cmd.RB-3']);
  });

  it('shows who did what and when in its timeline, delivered on the robot’s evidence alone', async () => {
    await service.enrol('RB-T');
    const commandId = await service.send('RB-T');
    await waitFor(async () => (await service.kindsOf(commandId)).includes('sent'));
    expect(await service.kindsOf(commandId)).toEqual(['requested', 'sent']);
    await service.collect('RB-T');
    await waitFor(async () => (await service.kindsOf(commandId)).includes('delivered'));
    await service.ack('RB-T', commandId, { status: 'accepted' });
    await service.ack('RB-T', commandId, { status: 'in_progress', progress: 50 });
    await service.ack('RB-T', commandId, { status: 'done', result: { dockedAt: 'D1' } });
    await waitFor(async () => (await statusOf(commandId)) === 'COMPLETED');
    const { timeline, ...command } = await service.read(commandId);
    expect(timeline.map(({ kind, by }) => `${kind} by ${by}`)).toEqual([
      'requested by user:ada',
      'sent by muster',
      'delivered by robot:RB-T',
      'acked by robot:RB-T',
      'progress by robot:RB-T',
      'result by robot:RB-T',
    ]);
    expect(command).toMatchObject({ progress: 50, result: { dockedAt: 'D1' }, attempts: 1, reason: null });
  });
});

describe('acknowledgements', () => {
  it('ROB-038 ROB-062 ROB-073 accept, progress and result change the log and are three events', async () => {
    const commandId = await service.send('RB-1');
    await service.ack('RB-1', commandId, { status: 'ACCEPTED' });
    await waitFor(async () => (await statusOf(commandId)) === 'ACKED');
    await service.ack('RB-1', commandId, { status: 'PROGRESS', progress: 50 });
    await service.ack('RB-1', commandId, { status: 'COMPLETED', result: { ok: 1 } });
    await waitFor(() => service.eventsOf(commandId, 'command.ack').length === 3);
    const acks = service.eventsOf(commandId, 'command.ack').map(({ body }) => body);
    expect(acks.map(({ ack, status, applied }) => ({ ack, status, applied }))).toEqual([
      { ack: 'ACCEPTED', status: 'ACKED', applied: true },
      { ack: 'PROGRESS', status: 'ACKED', applied: true },
      { ack: 'COMPLETED', status: 'COMPLETED', applied: true },
    ]);
    expect(acks[2]).toMatchObject({ robotId: 'RB-1', commandId, commandType: 'dock', result: { ok: 1 }, error: null });
    expect(service.eventsOf(commandId, 'command.updated')).toEqual([]);
    expect((await service.row(commandId))['lastAckAt']).toBeInstanceOf(Date);
  });

  it('ROB-038 a rejection is FAILED with its reason', async () => {
    const commandId = await service.send('RB-1');
    await service.ack('RB-1', commandId, { status: 'reject', error: { code: 'E_BUSY' } });
    await waitFor(async () => (await statusOf(commandId)) === 'FAILED');
    expect(await service.read(commandId)).toMatchObject({ reason: 'rejected', error: { code: 'E_BUSY' } });
  });

  it('ROB-038 silence is TIMEOUT, and the robot that comes back late receives nothing', async () => {
    await service.enrol('RB-S');
    const commandId = await service.send('RB-S', { timeoutMs: 300 });
    await waitFor(async () => (await service.stored('RB-S')).length === 1);
    await waitFor(async () => (await statusOf(commandId)) === 'TIMEOUT');
    await waitFor(async () => (await service.stored('RB-S')).length === 0);
    expect(await service.collect('RB-S', 1_000)).toBeUndefined();
    await waitFor(() => service.eventsOf(commandId, 'command.updated').length === 1);
    expect(service.eventsOf(commandId, 'command.updated')[0]?.body).toMatchObject({
      status: 'TIMEOUT',
      reason: 'no_response',
    });
    await service.ack('RB-S', commandId, { status: 'done', result: 7 });
    await waitFor(async () => (await service.kindsOf(commandId)).includes('late'));
    expect(await service.read(commandId)).toMatchObject({ status: 'TIMEOUT', result: null });
    expect(service.eventsOf(commandId, 'command.ack')[0]?.body).toMatchObject({ applied: false, result: 7 });
    await waitFor(async () => (await service.row(commandId))['dueAt'] === null);
  });

  it('ROB-073 one with an unknown correlationId changes no row and is no dead letter', async () => {
    const before = await service.query('SELECT count(*) FROM "commands"."command_timeline"');
    await service.ack('RB-1', '01890000-0000-7000-8000-00000000dead', { status: 'done' });
    await service.ack('RB-1', 'CMD-1', { status: 'done' });
    await service.acksSettled();
    expect(await service.query('SELECT count(*) FROM "commands"."command_timeline"')).toEqual(before);
    expect(await deadLetters()).toBe(0);
  });

  it('one that is delivered again is recorded once, and told with the same event id', async () => {
    const commandId = await service.send('RB-1');
    const messageId = 'same-message';
    await service.ack('RB-1', commandId, { status: 'accepted' }, { messageId });
    await waitFor(async () => (await statusOf(commandId)) === 'ACKED');
    await service.ack('RB-1', commandId, { status: 'accepted' }, { messageId });
    await service.acksSettled();
    expect((await service.kindsOf(commandId)).filter((kind) => kind === 'acked')).toHaveLength(1);
    expect(service.eventsOf(commandId, 'command.ack')).toHaveLength(1);
  });

  it('one of a robot that was not asked is a dead letter, and its neighbours are not', async () => {
    const commandId = await service.send('RB-1');
    const other = await service.send('RB-2');
    await Promise.all([
      service.ack('RB-2', commandId, { status: 'done' }),
      service.ack('RB-2', other, { status: 'done' }),
      service.ack('RB-2', other, { status: 'perhaps' }),
    ]);
    await waitFor(async () => (await statusOf(other)) === 'COMPLETED');
    await waitFor(async () => (await deadLetters()) === 2);
    expect(await statusOf(commandId)).toBe('REQUESTED');
  });

  it('ROB-068 those that came while the ledger was down count, even if the deadline passed meanwhile', async () => {
    const inTime = await service.send('RB-3', { timeoutMs: 1_000 });
    const accepted = await service.send('RB-3', { timeoutMs: 60_000 });
    await waitFor(async () => (await service.row(inTime))['attempts'] === 1);
    await service.stopReplica(service.replicas[0]!);
    await service.ack('RB-3', inTime, { status: 'done', result: 'in time' });
    await service.ack('RB-3', accepted, { status: 'accepted' });
    await waitFor(async () => (await service.row(inTime))['deadlineAt'] < new Date());
    await service.addReplica({ COMMAND_SWEEP_INTERVAL_MS: '10' });
    await waitFor(async () => (await statusOf(accepted)) === 'ACKED');
    expect(await service.read(inTime)).toMatchObject({ status: 'COMPLETED', result: 'in time' });
  });

  it('a deadline is not held against a robot whose answer waits in the stream', async () => {
    const blocked = await service.send('RB-1', { timeoutMs: 60_000 });
    const answered = await service.send('RB-2', { timeoutMs: 700 });
    await waitFor(async () => (await service.row(answered))['attempts'] === 1);
    const lock = await service.hold(blocked);
    await service.ack('RB-1', blocked, { status: 'accepted' });
    await service.ack('RB-2', answered, { status: 'done' });
    await waitFor(async () => (await service.stored('RB-2')).every(({ messageId }) => messageId !== answered));
    expect((await service.row(answered))['deadlineAt'] <= new Date()).toBe(true);
    expect(await statusOf(answered)).toBe('REQUESTED');
    await lock.release();
    await waitFor(async () => (await statusOf(answered)) === 'COMPLETED');
  });
});

async function deadLetters(): Promise<number> {
  const manager = await jetstreamManager(service.admin);
  return (await manager.streams.info('DEAD_LETTERS')).state.messages;
}

describe('refusals', () => {
  it('unknown and disabled robots get no command, introductions reach a disabled one', async () => {
    await expect(service.send('RB-NONE')).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
    await expect(service.send('no.id')).rejects.toMatchObject({ code: 'ROBOT_ID_INVALID' });
    await expect(service.send('RB-OFF')).rejects.toMatchObject({ code: 'ROBOT_DISABLED' });
    expect(await service.send('RB-OFF', { commandType: 'identify' })).toEqual(expect.any(String));
    expect(await service.send('RB-OFF', { commandType: 'report_capability' })).toEqual(expect.any(String));
  });

  it('a payload that cannot be stored fails alone', async () => {
    const outcomes = await Promise.allSettled([
      service.send('RB-1'),
      service.send('RB-1', { payload: { text: 'a\u0000b' } }),
      service.send('RB-1'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'VALIDATION_FAILED' } });
  });

  it('asks the registry once for many at a time, and forgets when it tells of a change', async () => {
    const robots = Array.from({ length: 50 }, (_, n) => `RB-Q${n}`);
    for (const robotId of robots) service.registry.robots.set(robotId, true);
    const before = service.registry.questions;
    await Promise.all(robots.map((robotId) => service.send(robotId)));
    expect(service.registry.questions - before).toBeLessThanOrEqual(3);
    service.registry.robots.set('RB-Q1', false);
    service.admin.publish(DISPATCHABILITY_NOTICE, 'RB-Q1');
    await waitFor(
      () =>
        service.send('RB-Q1').then(
          () => false,
          ({ code }) => code === 'ROBOT_DISABLED',
        ),
      1_500,
    );
  });
});
