import fc from 'fast-check';
import { TASK_ENDS, TASK_STATUSES, type TaskStatus } from '#libs/contracts';
import { transition } from './task.machine.js';
import {
  type AssignFact,
  type CompleteFact,
  isOver,
  type StatusFact,
  type TaskFact,
  type TaskState,
} from './task.state.js';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const at = (s: number): Date => new Date(T0 + s * 1_000);
const LATER = at(1_000_000);

const queued = (over: Partial<TaskState> = {}): TaskState => ({
  status: 'queued',
  createdAt: at(0),
  deadlineAt: null,
  robotId: null,
  assignedAt: null,
  startedAt: null,
  finishedAt: null,
  reportedAt: null,
  progressPercent: null,
  location: null,
  estimatedCompletionAt: null,
  estimatedDurationS: null,
  path: null,
  durationS: null,
  actualPath: null,
  proof: null,
  error: null,
  reason: null,
  ...over,
});
const common = (s: number) => ({ at: at(s), receivedAt: LATER, by: 'orchestrator:o', robotId: 'robot-007' });
const assign = (s: number, over: Partial<AssignFact> = {}): AssignFact => ({
  type: 'assign',
  ...common(s),
  estimatedDurationS: 180,
  path: { distance_meters: 150.5, floors: ['L1', 'L2'], waypoints: 12 },
  ...over,
});
const status = (s: number, word: TaskStatus, over: Partial<StatusFact> = {}): StatusFact => ({
  type: 'status',
  ...common(s),
  status: word,
  progressPercent: null,
  location: null,
  estimatedCompletionAt: null,
  error: null,
  ...over,
});
const complete = (s: number, over: Partial<CompleteFact> = {}): CompleteFact => ({
  type: 'complete',
  ...common(s),
  status: 'completed',
  durationS: null,
  actualPath: null,
  proof: null,
  error: null,
  ...over,
});
const cancel = (s: number): TaskFact => ({
  type: 'cancel',
  receivedAt: at(s),
  by: 'user:u',
  reason: 'changed my mind',
});

function run(facts: readonly TaskFact[], start = queued()): { task: TaskState; kinds: unknown[] } {
  const kinds: unknown[] = [];
  let task = start;
  for (const fact of facts) {
    const { changes, entry } = transition(task, fact);
    task = { ...task, ...changes };
    kinds.push(entry?.kind);
  }
  return { task, kinds };
}

describe('the state machine of a task', () => {
  it('ORC-056 goes queued → assigned → in_progress → completed', () => {
    const place = { x: 125.5, y: 80.2, z: 0, floor: 'L1' };
    const { task, kinds } = run([
      status(1, 'queued', { robotId: null }),
      assign(2),
      status(3, 'in_progress', { progressPercent: 10 }),
      status(4, 'in_progress', { progressPercent: 45, location: place, estimatedCompletionAt: at(9) }),
      complete(9, { durationS: 7, proof: { photo_url: 'https://x/p.jpg' } }),
    ]);
    expect(task).toMatchObject({
      status: 'completed',
      robotId: 'robot-007',
      assignedAt: at(2),
      startedAt: at(3),
      finishedAt: at(9),
      estimatedDurationS: 180,
      progressPercent: 100,
      location: place,
      estimatedCompletionAt: at(9),
      durationS: 7,
      proof: { photo_url: 'https://x/p.jpg' },
    });
    expect(kinds).toEqual(['duplicate', 'assigned', 'started', 'progress', 'ended']);
  });

  it.each(TASK_ENDS)('ORC-056 in_progress after %s is not applied', (end) => {
    const over = run([assign(1), status(2, end, { error: { code: 'E', message: 'stuck' } })]).task;
    const late = transition(over, status(3, 'in_progress', { progressPercent: 50 }));
    expect(late).toMatchObject({ verdict: 'late', changes: {}, entry: { kind: 'late' } });
  });

  it('ORC-054 refuses another robot and changes nothing, whatever it says', () => {
    const { task } = run([assign(1)]);
    for (const fact of [assign(2), status(2, 'completed'), complete(2)]) {
      const other = transition(task, { ...fact, robotId: 'robot-008' });
      expect(other).toMatchObject({ verdict: 'taken', changes: {}, entry: { kind: 'refused' } });
    }
  });

  it('C32 the same robot may be assigned again: what the first assignment said stays', () => {
    const { task, kinds } = run([assign(1), assign(2, { estimatedDurationS: 900 })]);
    expect(task).toMatchObject({ status: 'assigned', assignedAt: at(1), estimatedDurationS: 180 });
    expect(kinds).toEqual(['assigned', 'duplicate']);
  });

  it('a robot that reports before its assignment is known has the task, and the assignment adds its details', () => {
    const { task } = run([status(5, 'in_progress'), assign(1)]);
    expect(task).toMatchObject({ status: 'in_progress', robotId: 'robot-007', assignedAt: at(1), startedAt: at(5) });
  });

  it('a task does not go back to the queue: another robot needs a new task', () => {
    const { task, kinds } = run([assign(1), status(2, 'queued', { robotId: null })]);
    expect(task).toMatchObject({ status: 'assigned', robotId: 'robot-007' });
    expect(kinds).toEqual(['assigned', 'late']);
  });

  it('C32 the newest timestamp wins for progress and place, not the last to arrive', () => {
    const { task, kinds } = run([
      status(30, 'in_progress', { progressPercent: 80 }),
      status(20, 'in_progress', { progressPercent: 20, location: { x: 1, y: 1, z: 0, floor: null } }),
      status(30, 'in_progress', { progressPercent: 80 }),
    ]);
    expect(task).toMatchObject({ progressPercent: 80, location: null, reportedAt: at(30) });
    expect(kinds).toEqual(['started', 'late', 'duplicate']);
  });

  it('C32 the same progress at a later instant makes what was said in between older', () => {
    const at45 = { progressPercent: 45 };
    const { task, kinds } = run([
      status(10, 'in_progress', at45),
      status(20, 'in_progress', at45),
      status(15, 'in_progress', { progressPercent: 30 }),
    ]);
    expect(task).toMatchObject({ progressPercent: 45, reportedAt: at(20) });
    expect(kinds).toEqual(['started', 'progress', 'late']);
  });

  it('a clock that is ahead is not the newest for ever, and one that is far behind still makes progress', () => {
    const ahead = { receivedAt: at(10) };
    const fast = run([
      status(9_999, 'in_progress', { progressPercent: 10, ...ahead }),
      status(11, 'in_progress', { progressPercent: 20 }),
    ]).task;
    expect(fast).toMatchObject({ progressPercent: 20, startedAt: at(10) });
    const slow = run([-500, -400].map((s, n) => status(s, 'in_progress', { progressPercent: n }))).task;
    expect(slow).toMatchObject({ progressPercent: 1, startedAt: at(0) });
  });

  it('C32 complete after the status completed adds the proof, once', () => {
    const { task, kinds } = run([
      assign(1),
      status(2, 'completed'),
      complete(3, { durationS: 195, proof: { signature: 'AAAA' } }),
      complete(4, { durationS: 1, proof: { signature: 'BBBB' } }),
    ]);
    expect(task).toMatchObject({ finishedAt: at(2), durationS: 195, proof: { signature: 'AAAA' } });
    expect(kinds).toEqual(['assigned', 'ended', 'proof', 'duplicate']);
  });

  it('keeps why it failed, and calls off what is not over', () => {
    const error = { code: 'stuck', message: 'The lift is out of order.' };
    expect(run([assign(1), status(2, 'failed', { error })]).task).toMatchObject({ status: 'failed', error });
    expect(run([assign(1), cancel(2)]).task).toMatchObject({ status: 'cancelled', reason: 'changed my mind' });
    expect(run([complete(1), cancel(2)]).kinds).toEqual(['ended', undefined]);
    expect(run([cancel(1), assign(2)])).toMatchObject({ task: { robotId: null }, kinds: ['cancelled', 'late'] });
  });

  it('a task that waits past its deadline is called off, one that a robot has is not', () => {
    const stale = queued({ deadlineAt: at(60) });
    const expire = (s: number): TaskFact => ({ type: 'expire', receivedAt: at(s) });
    expect(run([expire(59)], stale).task.status).toBe('queued');
    expect(run([expire(60)], stale).task).toMatchObject({ status: 'cancelled', reason: 'expired', finishedAt: at(60) });
    expect(run([assign(1), expire(60)], stale).task.status).toBe('assigned');
  });
});

describe('whatever is reported in whatever order', () => {
  const RANK = { queued: 0, assigned: 1, in_progress: 2, completed: 3, failed: 3, cancelled: 3 } as const;
  const time = fc.integer({ min: -100, max: 10_000 });
  const robot = fc.constantFrom('robot-007', 'robot-008');
  const reports = fc.oneof(
    fc.tuple(time, robot).map(([s, robotId]): TaskFact => assign(s, { robotId })),
    fc
      .tuple(time, robot, fc.constantFrom(...TASK_STATUSES), fc.integer({ min: 0, max: 100 }))
      .map(([s, robotId, word, progressPercent]): TaskFact => status(s, word, { robotId, progressPercent })),
    fc
      .tuple(time, robot, fc.constantFrom(...TASK_ENDS))
      .map(([s, robotId, end]): TaskFact => complete(s, { robotId, status: end })),
  );
  const facts = fc.oneof(
    { weight: 8, arbitrary: reports },
    { weight: 1, arbitrary: fc.nat(9_999).map(cancel) },
    { weight: 1, arbitrary: fc.nat(9_999).map((s): TaskFact => ({ type: 'expire', receivedAt: at(s) })) },
  );

  it('ORC-056 a state never moves back, an end is the only one, and the robot never changes', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), (history) => {
        let task = queued({ deadlineAt: at(5_000) });
        for (const fact of history) {
          const { verdict, changes } = transition(task, fact);
          const next = { ...task, ...changes };
          expect(RANK[next.status]).toBeGreaterThanOrEqual(RANK[task.status]);
          if (isOver(task.status)) expect([next.status, next.finishedAt]).toEqual([task.status, task.finishedAt]);
          if (task.robotId !== null) expect(next.robotId).toBe(task.robotId);
          expect(isOver(next.status)).toBe(next.finishedAt !== null);
          expect(Object.keys(changes).length > 0).toBe(verdict === 'applied');
          if (task.reportedAt) expect(next.reportedAt!.getTime()).toBeGreaterThanOrEqual(task.reportedAt.getTime());
          task = next;
        }
      }),
    );
  });

  it('ORC-078 reports that are sent again change nothing', () => {
    fc.assert(
      fc.property(fc.array(reports, { maxLength: 15 }), (history) => {
        const once = run(history).task;
        const statuses = (task: TaskState) => [task.status, task.robotId, task.finishedAt, task.reportedAt];
        expect(statuses(run(history, once).task)).toEqual(statuses(once));
      }),
    );
  });

  it('C32 progress is that of the newest timestamp in any order of arrival', () => {
    // Few values, so that reports say the same at other instants.
    const percentOf = (s: number): number => Math.abs(s) % 3;
    const shuffled = fc
      .uniqueArray(time, { minLength: 1, maxLength: 10 })
      .chain((times) => fc.tuple(fc.constant(times), fc.shuffledSubarray(times, { minLength: times.length })));
    fc.assert(
      fc.property(shuffled, ([times, order]) => {
        const { task } = run(order.map((s) => status(s, 'in_progress', { progressPercent: percentOf(s) })));
        const newest = Math.max(...times);
        expect(task).toMatchObject({ progressPercent: percentOf(newest), reportedAt: at(newest) });
      }),
    );
  });
});
