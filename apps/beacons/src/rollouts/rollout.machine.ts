import type { RolloutReason, RolloutStatus } from '#libs/contracts';
import type { RolloutPlan } from './rollout.plan.js';

/** Where a rollout stands. Groups count from 0 here. */
export interface RolloutState {
  readonly status: RolloutStatus;
  readonly reason: RolloutReason | null;
  readonly activeGroup: number;
  /** Since when the success threshold of the active group has held without a break; null while it does not. */
  readonly gateHeldSinceMs: number | null;
  /** Failures of the active group that a person knew of when it was resumed. */
  readonly forgivenFailures: number;
}

/** Devices of the active group. */
export interface GroupCounts {
  /** May still succeed: waiting, offered or updating. */
  readonly open: number;
  readonly succeeded: number;
  /** Failed or rolled back. */
  readonly failed: number;
}

export type RolloutEvent =
  /** Its devices are known and in groups. */
  | { readonly kind: 'prepared' }
  | { readonly kind: 'counted'; readonly counts: GroupCounts; readonly atMs: number }
  | { readonly kind: 'pause' | 'abort' | 'rollback' }
  | { readonly kind: 'resume'; readonly force: boolean; readonly failed: number }
  /** Failed devices of the open groups wait again. */
  | { readonly kind: 'retry' }
  /** No device is left to bring back. */
  | { readonly kind: 'rolled_back' };

export const INITIAL: RolloutState = {
  status: 'preparing',
  reason: null,
  activeGroup: 0,
  gateHeldSinceMs: null,
  forgivenFailures: 0,
};

const STOPPABLE: readonly RolloutStatus[] = ['preparing', 'running', 'paused', 'halted'];

/**
 * The rollout after an event; the same state where the event changes nothing, undefined where it is not allowed now. Pure:
 * no clock, no devices, no effects.
 */
export function rolloutAfter(state: RolloutState, event: RolloutEvent, plan: RolloutPlan): RolloutState | undefined {
  const { status } = state;
  switch (event.kind) {
    case 'prepared':
      return status === 'preparing' ? { ...state, status: 'running', reason: null } : state;
    case 'counted':
      return status === 'running' ? afterCount(state, event.counts, event.atMs, plan) : state;
    case 'pause':
      return status === 'running' ? stopped(state, 'paused', 'by_person') : undefined;
    case 'abort':
      return STOPPABLE.includes(status) ? stopped(state, 'aborted', 'by_person') : undefined;
    case 'rollback':
      return status === 'rolling_back' || status === 'rolled_back' || status === 'preparing'
        ? undefined
        : stopped(state, 'rolling_back', 'by_person');
    case 'rolled_back':
      return status === 'rolling_back' ? { ...state, status: 'rolled_back' } : state;
    case 'retry':
      return ['halted', 'running', 'finished', 'paused'].includes(status)
        ? { ...running(state), forgivenFailures: 0 }
        : undefined;
    case 'resume':
      return resumed(state, event, plan);
  }
}

const stopped = (state: RolloutState, status: RolloutStatus, reason: RolloutReason): RolloutState => ({
  ...state,
  status,
  reason,
  gateHeldSinceMs: null,
});

const running = (state: RolloutState): RolloutState => ({
  ...state,
  status: 'running',
  reason: null,
  gateHeldSinceMs: null,
});

function resumed(
  state: RolloutState,
  { force, failed }: { readonly force: boolean; readonly failed: number },
  plan: RolloutPlan,
): RolloutState | undefined {
  if (state.status !== 'paused' && state.status !== 'halted') return undefined;
  const going = { ...running(state), forgivenFailures: failed };
  if (state.reason !== 'success_threshold') return going;
  // Nothing in the group can change any more: to go on is to pass a gate that does not hold, and only a person may.
  return force ? pastGroup(going, plan) : undefined;
}

function afterCount(state: RolloutState, counts: GroupCounts, atMs: number, plan: RolloutPlan): RolloutState {
  const total = counts.open + counts.succeeded + counts.failed;
  if (isOver(plan.errorThreshold, counts.failed - state.forgivenFailures, total)) {
    return stopped(state, 'halted', 'error_threshold');
  }
  if (total > 0 && counts.succeeded < plan.successThreshold * total) {
    return counts.open === 0 ? stopped(state, 'halted', 'success_threshold') : { ...state, gateHeldSinceMs: null };
  }
  const sinceMs = state.gateHeldSinceMs ?? atMs;
  const soaked = total === 0 || atMs - sinceMs >= plan.soakMs;
  const isLast = state.activeGroup === plan.groups.length - 1;
  if (!soaked || (isLast && counts.open > 0)) return { ...state, gateHeldSinceMs: sinceMs };
  return pastGroup(state, plan);
}

function pastGroup(state: RolloutState, plan: RolloutPlan): RolloutState {
  const next = { ...state, gateHeldSinceMs: null, forgivenFailures: 0 };
  return state.activeGroup === plan.groups.length - 1
    ? { ...next, status: 'finished', reason: null }
    : { ...next, activeGroup: state.activeGroup + 1 };
}

function isOver(threshold: RolloutPlan['errorThreshold'], failed: number, total: number): boolean {
  if (failed <= 0) return false;
  return 'count' in threshold ? failed > threshold.count : failed * 100 > threshold.percent * total;
}
