import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { MusterError, type RolloutAction, type RolloutDto, type RolloutRequest } from '#libs/contracts';
import { ReleaseRepository } from '../firmware/release.repository.js';
import { deviceAfter } from './device.machine.js';
import { requireRelease } from './required.release.js';
import { toRolloutDto } from './rollout.dto.js';
import type { RolloutEvent } from './rollout.machine.js';
import { planOf, toRolloutPlan } from './rollout.plan.js';
import { countGroup, insertRollout, lockRollout, type Rollout, RolloutRepository } from './rollout.repository.js';
import { rolloutIdOf } from './rollout.starter.js';
import { RolloutSweeper } from './rollout.sweeper.js';
import { moveRollout } from './rollout.transition.js';
import { lockFailed, storeDevices, toRolloutDevice } from './rollout-device.repository.js';

export interface NewRolloutRequest {
  readonly request: RolloutRequest;
  readonly by: string;
  readonly idempotencyKey?: string;
}

/** What people decide about rollouts. */
@Injectable()
export class RolloutService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rollouts: RolloutRepository,
    private readonly releases: ReleaseRepository,
    private readonly sweeper: RolloutSweeper,
  ) {}

  /** @throws MusterError `FIRMWARE_NOT_FOUND`, or `ROLLOUT_STATE_CONFLICT` while another one of the firmware is not over. */
  async create({ request, by, idempotencyKey }: NewRolloutRequest): Promise<RolloutDto> {
    const { firmwareId } = await requireRelease(this.releases, request.firmware_id);
    const requestKey = idempotencyKey ?? null;
    const known = requestKey === null ? undefined : await this.rollouts.findByRequest(requestKey);
    if (known) return this.dto(known.rolloutId);
    await this.requireOver(firmwareId);
    const rolloutId = rolloutIdOf(requestKey ?? `${firmwareId} ${by} ${crypto.randomUUID()}`);
    const planJson = planOf(request);
    const entityIds = request.entity_ids ?? null;
    await this.dataSource.transaction((tx) =>
      insertRollout(tx, { rolloutId, firmwareId, planJson, entityIds, createdBy: by, requestKey }),
    );
    this.sweeper.kick();
    return this.dto(rolloutId);
  }

  /** @throws MusterError `ROLLOUT_NOT_FOUND`, or `ROLLOUT_STATE_CONFLICT` when it is not possible now. */
  async act(rolloutId: string, action: RolloutAction, by: string): Promise<RolloutDto> {
    await this.dataSource.transaction(async (tx) => {
      const rollout = await lockRollout(tx, rolloutId, { skip: false });
      if (!rollout) throw rolloutNotFound(rolloutId);
      const now = new Date();
      const after = await moveRollout(tx, rollout, { event: await eventOf(tx, rollout, action), by, now });
      if (!after) throw conflict(rollout, action);
      if (action.kind === 'retry') await retryFailed(tx, rollout, now);
    });
    this.sweeper.kick();
    return this.dto(rolloutId);
  }

  private async requireOver(firmwareId: string): Promise<void> {
    const newest = await this.rollouts.newestOf(firmwareId);
    if (!newest || ['finished', 'aborted', 'rolled_back'].includes(newest.status)) return;
    const { rolloutId, status } = newest;
    throw new MusterError(
      'ROLLOUT_STATE_CONFLICT',
      `Rollout "${rolloutId}" of this firmware is ${status}; abort it first.`,
      {
        rollout_id: rolloutId,
        status,
      },
    );
  }

  private async dto(rolloutId: string): Promise<RolloutDto> {
    const rollout = await this.rollouts.find(rolloutId);
    if (!rollout) throw rolloutNotFound(rolloutId);
    return toRolloutDto(rollout, await this.rollouts.counts([rolloutId]));
  }
}

export function rolloutNotFound(rolloutId: string): MusterError {
  return new MusterError('ROLLOUT_NOT_FOUND', `There is no rollout "${rolloutId}".`, { rollout_id: rolloutId });
}

async function eventOf(tx: EntityManager, rollout: Rollout, action: RolloutAction): Promise<RolloutEvent> {
  if (action.kind !== 'resume') return action;
  const { failed } = await countGroup(tx, rollout.rolloutId, rollout.activeGroup);
  return { ...action, failed };
}

async function retryFailed(tx: EntityManager, rollout: Rollout, now: Date): Promise<void> {
  const { device: plan } = toRolloutPlan(rollout.planJson);
  const event = { kind: 'retried', atMs: now.getTime() } as const;
  const rows = await lockFailed(tx, rollout.rolloutId, rollout.activeGroup);
  await storeDevices(
    tx,
    rows.map((row) => ({ row, device: deviceAfter(toRolloutDevice(row), event, plan) })),
  );
}

function conflict({ rolloutId, status, reason }: Rollout, { kind }: RolloutAction): MusterError {
  const hint = kind === 'resume' && reason === 'success_threshold' ? ' Retry its devices, or resume with force.' : '';
  return new MusterError(
    'ROLLOUT_STATE_CONFLICT',
    `${kind} is not possible: rollout "${rolloutId}" is ${status}.${hint}`,
    {
      rollout_id: rolloutId,
      status,
      reason,
    },
  );
}
