import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { FirmwareReportDto } from '#libs/contracts';
import { deviceAfter } from './device.machine.js';
import type { RolloutReports } from './rollout.gate.js';
import { toRolloutPlan } from './rollout.plan.js';
import { RolloutRepository } from './rollout.repository.js';
import { lockDevice, storeDevices, toRolloutDevice } from './rollout-device.repository.js';
import { RolloutSweeper } from './rollout.sweeper.js';

/** What beacons say of their updates, as facts of the rollout that they belong to. */
@Injectable()
export class RolloutReportRecorder implements RolloutReports {
  constructor(
    private readonly rollouts: RolloutRepository,
    private readonly sweeper: RolloutSweeper,
  ) {}

  async record(tx: EntityManager, report: FirmwareReportDto): Promise<void> {
    const { firmware_id, entity_id: entityId, beacon_id: beaconId, status, error, received_at } = report;
    const rollout = await this.rollouts.newestOf(firmware_id);
    const row = rollout && (await lockDevice(tx, rollout.rolloutId, { entityId, beaconId }));
    if (!rollout || !row) return;
    const { device: plan } = toRolloutPlan(rollout.planJson);
    const event = { kind: 'reported', report: status, error, atMs: Date.parse(received_at) } as const;
    const before = toRolloutDevice(row);
    const after = deviceAfter(before, event, plan);
    if (after === before) return;
    await storeDevices(tx, [{ row, device: after }]);
    this.sweeper.kick();
  }
}
