import type { EntityManager } from 'typeorm';
import { MALL_EVENTS, mallEventSubject } from '#libs/contracts';
import { enqueue } from '../beacons.outbox.js';
import { rolloutAfter, type RolloutEvent, type RolloutState } from './rollout.machine.js';
import { toRolloutPlan } from './rollout.plan.js';
import { type Rollout, recordRolloutEvent, storeRolloutState } from './rollout.repository.js';
import { entitiesOf, openGroup } from './rollout-device.repository.js';

/** Watchers of more entities than this read the rollout itself. */
const MAX_TOLD_ENTITIES = 1_000;

export function toRolloutState(rollout: Rollout): RolloutState {
  const { status, reason, activeGroup, gateHeldSince, forgivenFailures } = rollout;
  return { status, reason, activeGroup, gateHeldSinceMs: gateHeldSince?.getTime() ?? null, forgivenFailures };
}

/** What makes a rollout move, and who is behind it. */
export interface Cause {
  readonly event: RolloutEvent;
  readonly by: string;
  readonly now: Date;
}

/**
 * Moves a rollout that this transaction holds: stores where it stands then, starts the group that it came to, and tells.
 * Answers undefined when the event is not allowed now.
 */
export async function moveRollout(
  tx: EntityManager,
  rollout: Rollout,
  cause: Cause,
): Promise<RolloutState | undefined> {
  const plan = toRolloutPlan(rollout.planJson);
  const before = toRolloutState(rollout);
  const after = rolloutAfter(before, cause.event, plan);
  if (after === undefined || after === before) return after;
  await storeRolloutState(tx, rollout.rolloutId, after);
  if (hasStartedGroup(before, after)) {
    const dueAt = new Date(cause.now.getTime() + plan.device.deadlineMs);
    await openGroup(tx, rollout.rolloutId, after.activeGroup, dueAt);
  }
  if (hasVisiblyMoved(before, after)) await tell(tx, rollout, after, cause);
  return after;
}

function hasStartedGroup(before: RolloutState, after: RolloutState): boolean {
  return after.status === 'running' && (before.status === 'preparing' || after.activeGroup > before.activeGroup);
}

const hasVisiblyMoved = (before: RolloutState, after: RolloutState): boolean =>
  before.status !== after.status || before.activeGroup !== after.activeGroup;

async function tell(tx: EntityManager, rollout: Rollout, after: RolloutState, { by, now }: Cause): Promise<void> {
  const { rolloutId, firmwareId } = rollout;
  const { status, reason, activeGroup } = after;
  const detail = { status, reason, active_group: activeGroup + 1 };
  await recordRolloutEvent(tx, rolloutId, { kind: status, by, detail });
  const entities = await entitiesOf(tx, rolloutId, MAX_TOLD_ENTITIES);
  await enqueue(
    tx,
    entities.map((entityId) => ({
      subject: mallEventSubject(entityId, MALL_EVENTS.rolloutUpdated.event),
      messageId: `rollout:${rolloutId}:${entityId}:${status}:${activeGroup}:${now.getTime()}`,
      body: { entity_id: entityId, rollout_id: rolloutId, firmware_id: firmwareId, ...detail, at: now.toISOString() },
    })),
  );
}
