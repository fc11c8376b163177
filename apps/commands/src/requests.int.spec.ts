import { type BatchRequest, type CommandAccepted, type CommandPage, COMMANDS_REQUESTS } from '#libs/contracts';
import { CommandsUnderTest } from '../../../test/support/commands-service.js';
import { waitFor } from '../../../test/support/wait.js';
import { RetentionSweeper } from './retention/retention.sweeper.js';

let service: CommandsUnderTest;
const requester = { by: 'user:ada', userId: null };

beforeAll(async () => {
  service = await CommandsUnderTest.start({ COMMAND_SWEEP_INTERVAL_MS: '50', COMMAND_ROBOT_CACHE_MS: '0' });
  for (const robotId of ['RB-1', 'RB-2', 'RB-3', 'RB-4']) await service.enrol(robotId);
  await service.enrol('RB-OFF', false);
});
afterAll(() => service.stop());

const sendKeyed = (key: string, payload: object, by = 'user:ada', robotId = 'RB-1'): Promise<CommandAccepted> =>
  service.ask(COMMANDS_REQUESTS.send, {
    robotId,
    request: { commandType: 'dock', payload: { ...payload } },
    requester: { by, userId: null },
    idempotencyKey: key,
  });
const countOf = async (robotId: string): Promise<number> =>
  (await service.query('SELECT FROM "commands"."robot_command_log" WHERE "robotId" = $1', [robotId])).length;

describe('idempotency keys', () => {
  it('the same request with the same key is the same command, also when it would be refused today', async () => {
    const first = await sendKeyed('k1', { a: 1, b: 2 });
    expect(first.replayed).toBe(false);
    expect(await sendKeyed('k1', { b: 2, a: 1 })).toEqual({ commandId: first.commandId, replayed: true });
    service.registry.robots.set('RB-1', false);
    expect(await sendKeyed('k1', { a: 1, b: 2 })).toEqual({ commandId: first.commandId, replayed: true });
    await expect(sendKeyed('k2', {})).rejects.toMatchObject({ code: 'ROBOT_DISABLED' });
    service.registry.robots.set('RB-1', true);
  });

  it('another request with the same key is refused, another caller’s key is its own', async () => {
    const { commandId } = await sendKeyed('k3', { a: 1 });
    await expect(sendKeyed('k3', { a: 2 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(sendKeyed('k3', { a: 1 }, 'user:ada', 'RB-2')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect((await sendKeyed('k3', { a: 2 }, 'user:bob')).commandId).not.toBe(commandId);
  });

  it('many at once with one key are exactly one command, executed once', async () => {
    const before = await countOf('RB-4');
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => sendKeyed(n % 2 ? 'even' : 'odd', { n: n % 2 }, 'user:ada', 'RB-4')),
    );
    expect(new Set(answers.map(({ commandId }) => commandId)).size).toBe(2);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(2);
    expect((await countOf('RB-4')) - before).toBe(2);
    await waitFor(async () => (await service.stored('RB-4')).length === 2);
  });

  it('are forgotten after a day', async () => {
    const { commandId } = await sendKeyed('old', {});
    const pruner = service.get(RetentionSweeper);
    await pruner.prune(new Date(Date.now() + 23 * 3_600_000));
    expect((await sendKeyed('old', {})).commandId).toBe(commandId);
    await pruner.prune(new Date(Date.now() + 25 * 3_600_000));
    expect((await sendKeyed('old', {})).commandId).not.toBe(commandId);
  });
});

describe('cancel', () => {
  it('ends the command, tells it, and takes the message back from the stream', async () => {
    const commandId = await service.send('RB-2');
    await waitFor(async () => (await service.row(commandId))['publishedSequence'] !== null);
    const cancelled = await service.ask(COMMANDS_REQUESTS.cancel, {
      commandId,
      requester: { by: 'user:bob', userId: null },
    });
    expect(cancelled).toMatchObject({ status: 'CANCELLED', reason: 'cancelled' });
    expect(cancelled.timeline.at(-1)).toMatchObject({ kind: 'cancelled', by: 'user:bob' });
    expect((await service.stored('RB-2')).filter(({ messageId }) => messageId === commandId)).toEqual([]);
    await waitFor(() => service.eventsOf(commandId, 'command.updated').length === 1);
    expect((await service.row(commandId))['dueAt']).toBeNull();
    await expect(service.ask(COMMANDS_REQUESTS.cancel, { commandId, requester })).rejects.toMatchObject({
      code: 'COMMAND_FINAL',
      details: { status: 'CANCELLED' },
    });
  });

  it('right after the answer still leaves nothing in the stream', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => service.send('RB-3')));
    await Promise.all(ids.map((commandId) => service.ask(COMMANDS_REQUESTS.cancel, { commandId, requester })));
    await waitFor(async () => (await service.stored('RB-3')).length === 0);
    await waitFor(async () => {
      const rows = await service.query(
        'SELECT FROM "commands"."robot_command_log" WHERE "robotId" = $1 AND "attempts" = 0',
        ['RB-3'],
      );
      return rows.length === 0;
    });
    expect(await service.stored('RB-3')).toEqual([]);
    expect(await service.collect('RB-3', 1_000)).toBeUndefined();
  });

  it('knows no other command', async () => {
    for (const commandId of ['01890000-0000-7000-8000-00000000dead', 'CMD-1']) {
      const code = 'COMMAND_NOT_FOUND';
      await expect(service.ask(COMMANDS_REQUESTS.cancel, { commandId, requester })).rejects.toMatchObject({ code });
      await expect(service.read(commandId)).rejects.toMatchObject({ code });
    }
  });
});

describe('lists', () => {
  const list = (more: object = {}): Promise<CommandPage> =>
    service.ask(COMMANDS_REQUESTS.listByRobot, { robotId: 'RB-L', limit: 4, ...more });
  const ids: string[] = [];

  beforeAll(async () => {
    await service.enrol('RB-L');
    for (let n = 0; n < 10; n++) ids.unshift(await service.send('RB-L', { payload: { n } }));
  });

  it('pages through every command of a robot once, newest first, and sees what was just written', async () => {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page: CommandPage = await list(after === undefined ? {} : { after });
      seen.push(...page.commands.map(({ commandId }) => commandId));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(ids);
  });

  it('filters by status and refuses one that is none', async () => {
    const commandId = ids[5]!;
    await service.ask(COMMANDS_REQUESTS.cancel, { commandId, requester });
    expect((await list({ status: 'cancelled' })).commands.map((command) => command.commandId)).toEqual([commandId]);
    await expect(list({ status: 'LOST' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(list({ after: 'x' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    await expect(list({ robotId: 'RB-NONE' })).rejects.toMatchObject({ code: 'ROBOT_NOT_FOUND' });
    await service.enrol('RB-IDLE', false);
    expect(await list({ robotId: 'RB-IDLE' })).toEqual({ commands: [], next: null });
  });

  it('cuts a page that would not fit into a reply', async () => {
    await service.enrol('RB-BIG');
    for (let n = 0; n < 5; n++) await service.send('RB-BIG', { payload: { text: 'x'.repeat(60_000) } });
    const page = await list({ robotId: 'RB-BIG', limit: 5 });
    expect(page.commands).toHaveLength(3);
    expect((await list({ robotId: 'RB-BIG', limit: 5, after: page.next })).commands).toHaveLength(2);
  });
});

describe('batches', () => {
  const send = (request: Partial<BatchRequest>, idempotencyKey?: string) =>
    service.ask(COMMANDS_REQUESTS.sendBatch, {
      request: { commandType: 'dock', payload: {}, ...request },
      requester,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });

  it('make one command per robot and record a refusal for every other', async () => {
    const batch = await send({ robotIds: ['RB-2', 'RB-1', 'RB-OFF', 'RB-NONE', 'RB-1'] });
    expect(batch).toMatchObject({
      commandType: 'dock',
      requestedBy: 'user:ada',
      total: 4,
      counts: { REQUESTED: 2, REFUSED: 2 },
    });
    expect(batch.items.map(({ robotId, status, error }) => [robotId, status, error?.code])).toEqual([
      ['RB-1', 'REQUESTED', undefined],
      ['RB-2', 'REQUESTED', undefined],
      ['RB-NONE', null, 'ROBOT_NOT_FOUND'],
      ['RB-OFF', null, 'ROBOT_DISABLED'],
    ]);
    const commandId = batch.items[0]!.commandId!;
    await waitFor(async () => (await service.stored('RB-1')).some(({ messageId }) => messageId === commandId));
    await service.ack('RB-1', commandId, { status: 'done' });
    await waitFor(async () => {
      const { counts } = await service.ask(COMMANDS_REQUESTS.getBatch, { batchId: batch.batchId });
      return counts['COMPLETED'] === 1 && counts['REQUESTED'] === 1;
    });
    expect(await service.read(commandId)).toMatchObject({ batchId: batch.batchId });
  });

  it('go to the robots of a tag, a thousand at most', async () => {
    const robots = Array.from({ length: 1_000 }, (_, n) => `RB-TAG-${String(n).padStart(4, '0')}`);
    for (const robotId of robots) service.registry.robots.set(robotId, true);
    service.registry.tags.set('all', robots);
    const batch = await send({ tag: 'all' });
    expect(batch).toMatchObject({ total: 1_000, counts: { REQUESTED: 1_000 } });
    expect(batch.items).toHaveLength(1_000);
    service.registry.tags.set('all', [...robots, 'RB-1']);
    await expect(send({ tag: 'all' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await send({ tag: 'nobody' })).toMatchObject({ total: 0, items: [] });
  });

  it('with the same key are the same batch', async () => {
    const before = await countOf('RB-1');
    const [one, other] = await Promise.all([send({ robotIds: ['RB-1'] }, 'b1'), send({ robotIds: ['RB-1'] }, 'b1')]);
    expect(other.batchId).toBe(one.batchId);
    expect((await send({ robotIds: ['RB-1'] }, 'b1')).batchId).toBe(one.batchId);
    expect((await countOf('RB-1')) - before).toBe(1);
    await expect(send({ robotIds: ['RB-2'] }, 'b1')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expect(sendKeyed('b1', {})).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it.each([[{}], [{ robotIds: [] }], [{ robotIds: ['RB-1'], tag: 'all' }], [{ robotIds: ['a.b'] }]])(
    'refuse %j',
    async (request) => {
      await expect(send(request)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    },
  );

  it('that nobody made are not found', async () => {
    await expect(
      service.ask(COMMANDS_REQUESTS.getBatch, { batchId: '01890000-0000-7000-8000-00000000dead' }),
    ).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' });
  });
});
