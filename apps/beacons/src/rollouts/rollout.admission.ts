import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { RolloutStatus } from '#libs/contracts';
import { deviceAfter, isOfferable, NEW_DEVICE } from './device.machine.js';
import type { OfferedDevice, RolledFirmware, RolloutGate } from './rollout.gate.js';
import { lateGroupOf, orderOf } from './rollout.groups.js';
import { toRolloutPlan } from './rollout.plan.js';
import { isAwaitingDevices, type Rollout, RolloutRepository } from './rollout.repository.js';
import { RolloutSweeper } from './rollout.sweeper.js';
import {
  enrolDevices,
  lockDevice,
  type RolloutDeviceRow,
  storeDevices,
  toRolloutDevice,
} from './rollout-device.repository.js';

const OFFERING: readonly RolloutStatus[] = ['running', 'paused', 'finished'];

/** Decides device by device: the newest rollout of a release says who gets it now, and that it was offered is its state. */
@Injectable()
export class RolloutAdmission implements RolloutGate {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rollouts: RolloutRepository,
    private readonly sweeper: RolloutSweeper,
  ) {}

  async admits({ firmwareId, strategy }: RolledFirmware, device: OfferedDevice): Promise<boolean> {
    const rollout = await this.rollouts.newestOf(firmwareId);
    if (!rollout) return strategy === 'all';
    if (rollout.entityIds !== null && !rollout.entityIds.includes(device.entityId)) return false;
    if (isAwaitingDevices(rollout)) await this.begin(rollout.rolloutId);
    if (!OFFERING.includes(rollout.status)) return false;
    return this.dataSource.transaction((tx) => offer(tx, rollout, device, new Date()));
  }

  /** Whoever asks first is told no; it may be a canary the next time. */
  private async begin(rolloutId: string): Promise<void> {
    await this.rollouts.countAgain(rolloutId);
    this.sweeper.kick();
  }
}

async function offer(tx: EntityManager, rollout: Rollout, device: OfferedDevice, now: Date): Promise<boolean> {
  const row = (await lockDevice(tx, rollout.rolloutId, device)) ?? (await enrolLate(tx, rollout, device));
  if (!row) return rollout.status === 'finished';
  if (row.state === 'failed' || row.state === 'rolled_back') return false;
  // It said that it has the firmware and asks again: a factory reset, or the report was wrong.
  if (row.state === 'succeeded') return rollout.status !== 'paused';
  return row.group !== null && row.group <= rollout.activeGroup && (await offerTo(tx, rollout, row, now));
}

async function offerTo(tx: EntityManager, rollout: Rollout, row: RolloutDeviceRow, now: Date): Promise<boolean> {
  const atMs = now.getTime();
  const device = toRolloutDevice(row);
  const isUnderWay = device.state === 'offered' || device.state === 'updating';
  if (!isOfferable(device, atMs) || (rollout.status === 'paused' && !isUnderWay)) return false;
  const { device: plan } = toRolloutPlan(rollout.planJson);
  const opened = deviceAfter(device, { kind: 'opened', atMs }, plan);
  const offered = deviceAfter(opened, { kind: 'offered', atMs }, plan);
  if (offered !== device) await storeDevices(tx, [{ row, device: offered }]);
  return true;
}

/** A device that came after the groups were made; a rollout that is over takes nobody in. */
async function enrolLate(
  tx: EntityManager,
  rollout: Rollout,
  { entityId, beaconId, firmwareVersion }: OfferedDevice,
): Promise<RolloutDeviceRow | undefined> {
  const { rolloutId, lastOrders, planJson, status } = rollout;
  if (status === 'finished' || lastOrders === null) return undefined;
  const order = orderOf(rolloutId, entityId, beaconId);
  const group = lateGroupOf(order, { percents: planJson.groups, lastOrders });
  await enrolDevices(tx, rolloutId, [{ entityId, beaconId, order, group, previousVersion: firmwareVersion }]);
  const row = await lockDevice(tx, rolloutId, { entityId, beaconId });
  if (row && group <= rollout.activeGroup) {
    const { device: plan } = toRolloutPlan(rollout.planJson);
    await storeDevices(tx, [{ row, device: deviceAfter(NEW_DEVICE, { kind: 'opened', atMs: Date.now() }, plan) }]);
  }
  return row;
}
