import fc from 'fast-check';
import { PermanentMessageError } from '#libs/contracts';
import { transition } from './command.machine.js';
import { dueStep, nextDueAt } from './command.schedule.js';
import { type AckFact, type AckWord, type CommandFact, type CommandState, isFinal } from './command.state.js';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number): Date => new Date(T0 + ms);

const requested = (over: Partial<CommandState> = {}): CommandState => ({
  robotId: 'RB-1',
  status: 'REQUESTED',
  requestedAt: at(0),
  expiresAt: at(30_000),
  timeoutMs: 30_000,
  responseTimeoutMs: 10_000,
  maxRetries: 0,
  retryDelayMs: 5_000,
  attempts: 0,
  publishedSequence: null,
  lastSentAt: null,
  deadlineAt: at(30_000),
  dueAt: at(2_000),
  lastAckAt: null,
  ackEpochMs: null,
  ackSequence: null,
  reason: null,
  progress: null,
  result: null,
  error: null,
  completedAt: null,
  ...over,
});

const ack = (word: AckWord, ms: number, over: Partial<AckFact> = {}): AckFact => ({
  type: 'ack',
  at: at(ms),
  robotId: 'RB-1',
  position: { epochMs: 1, sequence: ms },
  word,
  progress: null,
  result: null,
  error: null,
  ...over,
});
const sent = (attempt: number, ms: number): CommandFact => ({ type: 'sent', at: at(ms), attempt, sequence: ms });

/** Applies facts one after the other; answers the state and the kinds of the timeline. */
function run(facts: readonly CommandFact[], start = requested()): { command: CommandState; kinds: string[] } {
  const kinds: string[] = [];
  let command = start;
  for (const fact of facts) {
    const { changes, entry } = transition(command, fact);
    command = { ...command, ...changes };
    if (entry) kinds.push(entry.kind);
  }
  return { command, kinds };
}

describe('the state machine', () => {
  it('ROB-038 goes REQUESTED → ACKED → COMPLETED on accept, progress and result', () => {
    const { command, kinds } = run([
      sent(1, 10),
      ack('ACCEPTED', 20),
      ack('PROGRESS', 30, { progress: 50 }),
      ack('COMPLETED', 40, { result: { ok: true } }),
    ]);
    expect(command).toMatchObject({
      status: 'COMPLETED',
      progress: 50,
      result: { ok: true },
      lastAckAt: at(40),
      completedAt: at(40),
      reason: null,
      dueAt: null,
    });
    expect(kinds).toEqual(['sent', 'acked', 'progress', 'result']);
  });

  it('ROB-038 goes to FAILED with the reason on a rejection, and to TIMEOUT in silence', () => {
    const rejected = run([sent(1, 10), ack('REJECTED', 20, { error: 'busy' })]);
    expect(rejected.command).toMatchObject({ status: 'FAILED', reason: 'rejected', error: 'busy' });
    expect(rejected.kinds).toEqual(['sent', 'rejected']);
    const silent = run([sent(1, 10), { type: 'timeout', at: at(30_000) }]);
    expect(silent.command).toMatchObject({ status: 'TIMEOUT', reason: 'no_response', completedAt: at(30_000) });
  });

  it.each([
    ['nothing was published', [], 'not_published'],
    ['the robot never spoke', [sent(1, 1)], 'no_response'],
    ['the robot accepted and fell silent', [sent(1, 1), ack('ACCEPTED', 2)], 'no_result'],
  ])('a time-out says that %s', (_, facts, reason) => {
    expect(run([...facts, { type: 'timeout', at: at(60_000) }]).command.reason).toBe(reason);
  });

  it('each word of the robot moves the deadline, never before the expiry', () => {
    expect(run([ack('ACCEPTED', 1_000)]).command.deadlineAt).toEqual(at(31_000));
    const long = requested({ expiresAt: at(600_000), deadlineAt: at(600_000) });
    expect(run([ack('ACCEPTED', 1_000)], long).command.deadlineAt).toEqual(at(600_000));
    expect(run([ack('ACCEPTED', 1_000), { type: 'timeout', at: at(30_500) }]).command.status).toBe('ACKED');
  });

  it('a late result is recorded and not applied', () => {
    const { command, kinds } = run([
      { type: 'timeout', at: at(30_000) },
      ack('COMPLETED', 31_000, { result: 1 }),
      ack('PROGRESS', 32_000),
    ]);
    expect(command).toMatchObject({ status: 'TIMEOUT', result: null, lastAckAt: null });
    expect(kinds).toEqual(['timeout', 'late', 'late']);
  });

  it('a repeated acceptance and a repeated result are duplicates', () => {
    const { command, kinds } = run([
      ack('ACCEPTED', 1_000),
      ack('ACCEPTED', 2_000),
      ack('COMPLETED', 3_000, { result: 'first' }),
      ack('COMPLETED', 4_000, { result: 'second' }),
    ]);
    expect(command).toMatchObject({ status: 'COMPLETED', result: 'first', lastAckAt: at(3_000) });
    expect(kinds).toEqual(['acked', 'duplicate', 'result', 'duplicate']);
  });

  it('an acknowledgement that was overtaken keeps its name and changes nothing', () => {
    const { command, kinds } = run([
      ack('PROGRESS', 3_000, { progress: 80 }),
      ack('PROGRESS', 2_000, { progress: 20 }),
      ack('ACCEPTED', 1_000),
    ]);
    expect(command).toMatchObject({ status: 'ACKED', progress: 80, lastAckAt: at(3_000) });
    expect(kinds).toEqual(['progress', 'progress', 'acked']);
  });

  it('a sequence of a stream made anew is newer than any of the old one', () => {
    const { command } = run([
      ack('PROGRESS', 2_000, { progress: 10 }),
      ack('PROGRESS', 3_000, { progress: 20, position: { epochMs: 2, sequence: 1 } }),
    ]);
    expect(command).toMatchObject({ progress: 20, ackEpochMs: 2, ackSequence: 1 });
  });

  it('refuses the acknowledgement of another robot', () => {
    expect(() => transition(requested(), ack('COMPLETED', 1, { robotId: 'RB-2' }))).toThrow(PermanentMessageError);
  });

  it('cancels what is open and leaves what is final', () => {
    const cancel: CommandFact = { type: 'cancel', at: at(5), by: 'user:u' };
    expect(run([cancel]).command).toMatchObject({ status: 'CANCELLED', reason: 'cancelled', dueAt: at(5) });
    expect(run([ack('COMPLETED', 1), cancel]).kinds).toEqual(['result']);
  });

  it('a copy that was published while the command ended has to go', () => {
    expect(run([{ type: 'cancel', at: at(5), by: 'user:u' }, sent(1, 7)]).command).toMatchObject({
      status: 'CANCELLED',
      publishedSequence: 7,
      dueAt: at(7),
    });
    expect(run([ack('COMPLETED', 5), sent(1, 7)]).command).toMatchObject({ publishedSequence: 7, dueAt: null });
    expect(run([sent(1, 1), sent(2, 3), ack('COMPLETED', 5)]).command.dueAt).toEqual(at(5));
    expect(run([sent(1, 1), ack('COMPLETED', 5), sent(2, 7)]).command.dueAt).toEqual(at(7));
  });

  it('retries only while the robot is silent, as often as the policy says', () => {
    const policy = requested({ maxRetries: 1 });
    const once = run([sent(1, 0)], policy).command;
    expect(once.dueAt).toEqual(at(2_000));
    expect(nextDueAt(once)).toEqual(at(15_000));
    expect(dueStep(once, at(14_999))).toBe('wait');
    expect(dueStep(once, at(15_000))).toBe('publish');
    expect(dueStep(run([sent(1, 0), ack('ACCEPTED', 1)], policy).command, at(15_000))).toBe('wait');
    const twice = run([sent(1, 0), sent(2, 15_000)], policy);
    expect(twice.kinds).toEqual(['sent', 'retried']);
    expect(nextDueAt(twice.command)).toEqual(at(30_000));
    const hasty = requested({ maxRetries: 1, responseTimeoutMs: 100, retryDelayMs: 0 });
    expect(run([sent(1, 0)], hasty).command.dueAt).toEqual(at(100));
  });

  it('records evidence of delivery without changing anything', () => {
    const { changes, entry } = transition(requested(), { type: 'delivered', at: at(3), sequence: 9, deliveries: 1 });
    expect(changes).toEqual({});
    expect(entry).toEqual({ at: at(3), kind: 'delivered', by: 'robot:RB-1', detail: { sequence: 9, deliveries: 1 } });
  });
});

describe('whatever happens in whatever order', () => {
  const words: AckWord[] = ['ACCEPTED', 'REJECTED', 'PROGRESS', 'COMPLETED', 'FAILED'];
  const time = fc.integer({ min: 0, max: 100_000 });
  const acks = fc.tuple(fc.constantFrom(...words), time).map(([word, ms]) => ack(word, ms));
  const facts = fc.oneof(
    acks,
    fc.tuple(fc.integer({ min: 1, max: 4 }), time).map(([attempt, ms]) => sent(attempt, ms)),
    time.map((ms): CommandFact => ({ type: 'timeout', at: at(ms) })),
    time.map((ms): CommandFact => ({ type: 'cancel', at: at(ms), by: 'user:u' })),
    time.map((ms): CommandFact => ({ type: 'delivered', at: at(ms), sequence: ms, deliveries: 1 })),
  );

  it('a final state is never left, and a status never goes back', () => {
    const rank = { REQUESTED: 0, ACKED: 1, COMPLETED: 2, FAILED: 2, TIMEOUT: 2, CANCELLED: 2 } as const;
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), (history) => {
        let command = requested({ maxRetries: 3 });
        for (const fact of history) {
          const next = { ...command, ...transition(command, fact).changes };
          if (isFinal(command.status)) expect(next.status).toBe(command.status);
          expect(rank[next.status]).toBeGreaterThanOrEqual(rank[command.status]);
          expect(isFinal(next.status)).toBe(next.completedAt !== null);
          expect(isFinal(next.status) || next.dueAt !== null).toBe(true);
          command = next;
        }
      }),
    );
  });

  it('the order of acknowledgements does not decide whether a command ends', () => {
    const shuffled = fc
      .array(acks, { maxLength: 12 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })));
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const [first, second] = [run(one).command, run(other).command];
        expect(isFinal(second.status)).toBe(isFinal(first.status));
        expect(second.status === 'REQUESTED').toBe(first.status === 'REQUESTED');
      }),
    );
  });

  it('every run with a sweeper ends, and nothing is published more often than the policy allows', () => {
    const robots = fc.record({
      maxRetries: fc.integer({ min: 0, max: 5 }),
      responseTimeoutMs: fc.integer({ min: 1, max: 20_000 }),
      retryDelayMs: fc.integer({ min: 0, max: 10_000 }),
      timeoutMs: fc.integer({ min: 1, max: 60_000 }),
      answers: fc.array(acks, { maxLength: 6 }),
      publishFails: fc.infiniteStream(fc.boolean()),
    });
    fc.assert(
      fc.property(robots, ({ answers, publishFails, ...policy }) => {
        const expiresAt = at(policy.timeoutMs);
        let command = requested({ ...policy, expiresAt, deadlineAt: expiresAt, dueAt: at(0) });
        const queue = answers.toSorted((one, other) => one.at.getTime() - other.at.getTime());
        let publishes = 0;
        for (let step = 0; command.dueAt !== null; step++) {
          expect(step).toBeLessThan(500);
          const now = command.dueAt;
          while (queue[0] && queue[0].at <= now) {
            command = { ...command, ...transition(command, queue.shift()!).changes };
          }
          command = { ...command, ...sweep(command, now) };
        }
        expect(isFinal(command.status)).toBe(true);
        expect(publishes).toBeLessThanOrEqual(policy.maxRetries + 1);

        function sweep(due: CommandState, now: Date): Partial<CommandState> {
          switch (dueStep(due, now)) {
            case 'settle':
              return { dueAt: null };
            case 'expire':
              return transition(due, { type: 'timeout', at: now }).changes;
            case 'wait':
              return { dueAt: nextDueAt(due) };
            case 'publish':
              if (publishFails.next().value) return { dueAt: new Date(now.getTime() + 500) };
              publishes++;
              return transition(due, sent(due.attempts + 1, now.getTime() - T0)).changes;
          }
        }
      }),
    );
  });
});
