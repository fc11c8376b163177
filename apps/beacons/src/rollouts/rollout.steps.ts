import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { deviceAfter } from './device.machine.js';
import { RolloutPreparer } from './rollout.preparer.js';
import { toRolloutPlan } from './rollout.plan.js';
import { countGroup, type Rollout } from './rollout.repository.js';
import { RolloutReverter } from './rollout.reverter.js';
import { moveRollout, type Cause } from './rollout.transition.js';
import { lockOverdue, storeDevices, toRolloutDevice } from './rollout-device.repository.js';

const OVERDUE_BATCH = 500;
const PLATFORM = 'muster';

/** The next step of a rollout, by where it stands. */
@Injectable()
export class RolloutSteps {
  constructor(
    private readonly preparer: RolloutPreparer,
    private readonly reverter: RolloutReverter,
  ) {}

  /** Answers whether there is more to do at once. */
  async take(tx: EntityManager, rollout: Rollout, now: Date): Promise<boolean> {
    if (rollout.status === 'preparing') return this.prepare(tx, rollout, now);
    if (rollout.status === 'running') return advance(tx, rollout, now);
    return rollout.status === 'rolling_back' && (await this.revert(tx, rollout, now));
  }

  private async prepare(tx: EntityManager, rollout: Rollout, now: Date): Promise<boolean> {
    const isPrepared = await this.preparer.next(tx, rollout);
    if (isPrepared) await moveRollout(tx, rollout, cause({ kind: 'prepared' }, now));
    return true;
  }

  private async revert(tx: EntityManager, rollout: Rollout, now: Date): Promise<boolean> {
    const isReverted = await this.reverter.next(tx, rollout);
    if (isReverted) await moveRollout(tx, rollout, cause({ kind: 'rolled_back' }, now));
    return !isReverted;
  }
}

async function advance(tx: EntityManager, rollout: Rollout, now: Date): Promise<boolean> {
  const expired = await expire(tx, rollout, now);
  const counts = await countGroup(tx, rollout.rolloutId, rollout.activeGroup);
  const after = await moveRollout(tx, rollout, cause({ kind: 'counted', counts, atMs: now.getTime() }, now));
  return expired === OVERDUE_BATCH || (after?.activeGroup ?? rollout.activeGroup) !== rollout.activeGroup;
}

async function expire(tx: EntityManager, rollout: Rollout, now: Date): Promise<number> {
  const { device: plan } = toRolloutPlan(rollout.planJson);
  const overdue = await lockOverdue(tx, rollout.rolloutId, now, OVERDUE_BATCH);
  const clock = { kind: 'clock', atMs: now.getTime() } as const;
  await storeDevices(
    tx,
    overdue.map((row) => ({ row, device: deviceAfter(toRolloutDevice(row), clock, plan) })),
  );
  return overdue.length;
}

const cause = (event: Cause['event'], now: Date): Cause => ({ event, by: PLATFORM, now });
