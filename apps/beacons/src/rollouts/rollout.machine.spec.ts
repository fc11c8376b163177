import fc from 'fast-check';
import type { RolloutPlan } from './rollout.plan.js';
import { type GroupCounts, INITIAL, rolloutAfter, type RolloutEvent, type RolloutState } from './rollout.machine.js';

const PLAN: RolloutPlan = {
  groups: [5, 25, 100],
  successThreshold: 0.9,
  errorThreshold: { percent: 10 },
  soakMs: 60_000,
  device: { deadlineMs: 1_000, maxRetries: 0, backoffMs: 0, retriedErrors: [] },
};
const RUNNING = rolloutAfter(INITIAL, { kind: 'prepared' }, PLAN)!;

const counted = (counts: Partial<GroupCounts>, atMs = 0): RolloutEvent => ({
  kind: 'counted',
  counts: { open: 0, succeeded: 0, failed: 0, ...counts },
  atMs,
});

function after(state: RolloutState, ...events: readonly RolloutEvent[]): RolloutState {
  return events.reduce<RolloutState>((now, event) => rolloutAfter(now, event, PLAN) ?? now, state);
}

describe('a rollout', () => {
  it('ORC-051 offers to the canary group alone until enough of it succeeded', () => {
    expect(RUNNING).toMatchObject({ status: 'running', activeGroup: 0 });
    expect(after(RUNNING, counted({ open: 10 })).activeGroup).toBe(0);
    expect(
      after(RUNNING, counted({ open: 2, succeeded: 8 }), counted({ open: 2, succeeded: 8 }, 90_000)).activeGroup,
    ).toBe(0);
    expect(
      after(RUNNING, counted({ open: 1, succeeded: 9 }), counted({ open: 1, succeeded: 9 }, 60_000)).activeGroup,
    ).toBe(1);
  });

  it('waits for the soak time, which begins anew when the threshold is missed in between', () => {
    const held = after(RUNNING, counted({ succeeded: 10 }, 0));
    expect(after(held, counted({ succeeded: 10 }, 59_999)).activeGroup).toBe(0);
    expect(after(held, counted({ succeeded: 10 }, 60_000)).activeGroup).toBe(1);
    const broken = after(held, counted({ open: 2, succeeded: 8 }, 30_000), counted({ succeeded: 10 }, 40_000));
    expect(after(broken, counted({ succeeded: 10 }, 99_999)).activeGroup).toBe(0);
    expect(after(broken, counted({ succeeded: 10 }, 100_000)).activeGroup).toBe(1);
  });

  it('ORC-050 halts when more failed than the threshold allows, by percent and by number', () => {
    expect(after(RUNNING, counted({ open: 9, failed: 1 }))).toMatchObject({ status: 'running' });
    expect(after(RUNNING, counted({ open: 8, failed: 2 }))).toMatchObject({
      status: 'halted',
      reason: 'error_threshold',
    });
    const byNumber: RolloutPlan = { ...PLAN, errorThreshold: { count: 2 } };
    expect(rolloutAfter(RUNNING, counted({ open: 1, failed: 2 }), byNumber)?.status).toBe('running');
    expect(rolloutAfter(RUNNING, counted({ open: 1, failed: 3 }), byNumber)?.status).toBe('halted');
    const none: RolloutPlan = { ...PLAN, errorThreshold: { count: 0 } };
    expect(rolloutAfter(RUNNING, counted({ open: 99, failed: 1 }), none)?.status).toBe('halted');
    expect(rolloutAfter(RUNNING, counted({ open: 99 }), none)?.status).toBe('running');
  });

  it('halts when a group is through and neither threshold was reached', () => {
    const lenient: RolloutPlan = { ...PLAN, errorThreshold: { percent: 50 } };
    const halted = rolloutAfter(RUNNING, counted({ succeeded: 8, failed: 2 }), lenient)!;
    expect(halted).toMatchObject({ status: 'halted', reason: 'success_threshold', activeGroup: 0 });
    expect(rolloutAfter(halted, { kind: 'resume', force: false, failed: 2 }, lenient)).toBeUndefined();
    expect(rolloutAfter(halted, { kind: 'resume', force: true, failed: 2 }, lenient)).toMatchObject({
      status: 'running',
      activeGroup: 1,
    });
  });

  it('goes on after a halt without counting the failures that a person has seen', () => {
    const halted = after(RUNNING, counted({ open: 8, failed: 2 }));
    const resumed = after(halted, { kind: 'resume', force: false, failed: 2 });
    expect(after(resumed, counted({ open: 7, failed: 3 }))).toMatchObject({ status: 'running' });
    expect(after(resumed, counted({ open: 6, failed: 4 }))).toMatchObject({ status: 'halted' });
  });

  it('passes empty groups at once and finishes when the last group is through', () => {
    const empty = after(RUNNING, counted({}), counted({}));
    expect(empty.activeGroup).toBe(2);
    expect(after(empty, counted({ open: 1, succeeded: 99 }), counted({ open: 1, succeeded: 99 }, 60_000)).status).toBe(
      'running',
    );
    expect(after(empty, counted({ succeeded: 100 }), counted({ succeeded: 100 }, 60_000)).status).toBe('finished');
  });

  it('pauses, resumes, is ended and taken back, and refuses what makes no sense', () => {
    const paused = after(RUNNING, { kind: 'pause' });
    expect(after(paused, counted({ succeeded: 10 }), counted({ succeeded: 10 }, 1e9))).toEqual(paused);
    expect(after(paused, { kind: 'resume', force: false, failed: 0 })).toEqual(RUNNING);
    const aborted = after(RUNNING, { kind: 'abort' });
    for (const kind of ['pause', 'abort', 'retry'] as const)
      expect(rolloutAfter(aborted, { kind }, PLAN)).toBeUndefined();
    expect(rolloutAfter(aborted, { kind: 'resume', force: true, failed: 0 }, PLAN)).toBeUndefined();
    expect(after(aborted, { kind: 'rollback' }, { kind: 'rolled_back' }).status).toBe('rolled_back');
    expect(rolloutAfter(RUNNING, { kind: 'resume', force: false, failed: 0 }, PLAN)).toBeUndefined();
  });
});

const plans = fc.record({
  groups: fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 499 })
    .map((cuts) => [...cuts.sort((a, b) => a - b), 100]),
  successThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
  errorThreshold: fc.oneof(
    fc.record({ count: fc.nat(20) }),
    fc.record({ percent: fc.double({ min: 0, max: 100, noNaN: true }) }),
  ),
  soakMs: fc.nat(1_000),
  device: fc.constant(PLAN.device),
});
const counts = fc.record({ open: fc.nat(5), succeeded: fc.nat(50), failed: fc.nat(5) });
const events: fc.Arbitrary<RolloutEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('counted' as const), counts, atMs: fc.nat(10_000) }) },
  fc.constantFrom(
    { kind: 'pause' as const },
    { kind: 'abort' as const },
    { kind: 'retry' as const },
    { kind: 'rollback' as const },
  ),
  fc.record({ kind: fc.constant('resume' as const), force: fc.constant(false), failed: fc.nat(5) }),
);

describe('every rollout, whatever happens to it', () => {
  it('starts no group before the gate of the one before it holds', () => {
    fc.assert(
      fc.property(plans, fc.array(events, { maxLength: 60 }), (plan, happened) => {
        let state = rolloutAfter(INITIAL, { kind: 'prepared' }, plan)!;
        for (const event of happened) {
          const next = rolloutAfter(state, event, plan) ?? state;
          if (next.activeGroup !== state.activeGroup) {
            expect(next.activeGroup).toBe(state.activeGroup + 1);
            expect(event.kind).toBe('counted');
            if (event.kind !== 'counted') return;
            const { open, succeeded, failed } = event.counts;
            const total = open + succeeded + failed;
            expect(succeeded).toBeGreaterThanOrEqual(plan.successThreshold * total);
            if (total > 0)
              expect(event.atMs - (state.gateHeldSinceMs ?? event.atMs)).toBeGreaterThanOrEqual(plan.soakMs);
          }
          expect(next.activeGroup).toBeLessThan(plan.groups.length);
          state = next;
        }
      }),
    );
  });

  it('comes to an end once its devices do', () => {
    fc.assert(
      fc.property(
        plans,
        fc.array(events, { maxLength: 30 }),
        fc.nat(50),
        fc.nat(50),
        (plan, happened, succeeded, failed) => {
          const start = rolloutAfter(INITIAL, { kind: 'prepared' }, plan)!;
          let state = happened.reduce<RolloutState>((now, event) => rolloutAfter(now, event, plan) ?? now, start);
          let atMs = 20_000;
          for (let round = 0; round < 2 * plan.groups.length + 2; round++, atMs += 1_001) {
            state =
              rolloutAfter(state, { kind: 'counted', counts: { open: 0, succeeded, failed }, atMs }, plan) ?? state;
          }
          expect(state.status).not.toBe('running');
        },
      ),
    );
  });
});
