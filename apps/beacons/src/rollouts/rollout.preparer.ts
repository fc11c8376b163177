import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ReleaseRepository } from '../firmware/release.repository.js';
import { CandidateRepository } from './candidate.repository.js';
import { leftOutFor } from './eligibility.js';
import { requireRelease } from './required.release.js';
import { cumulativeSizes, orderOf } from './rollout.groups.js';
import { type Rollout, storePreparation } from './rollout.repository.js';
import { assignGroups, countDevices, enrolDevices, lastOrdersOf } from './rollout-device.repository.js';

const PAGE = 1_000;

/** Counts the devices of a rollout in, page by page, and makes its groups of them. */
@Injectable()
export class RolloutPreparer {
  constructor(
    private readonly candidates: CandidateRepository,
    private readonly releases: ReleaseRepository,
  ) {}

  /** One page; answers whether it was the last and the groups are made, which they are not while there is no device. */
  async next(tx: EntityManager, rollout: Rollout): Promise<boolean> {
    const { rolloutId, firmwareId, entityIds, preparedUpTo } = rollout;
    const firmware = await requireRelease(this.releases, firmwareId);
    const page = await this.candidates.page(entityIds, preparedUpTo, PAGE);
    await enrolDevices(
      tx,
      rolloutId,
      page
        .filter((device) => leftOutFor(device, firmware) === undefined)
        .map(({ entityId, beaconId, firmwareVersion }) => ({
          entityId,
          beaconId,
          order: orderOf(rolloutId, entityId, beaconId),
          group: null,
          previousVersion: firmwareVersion,
        })),
    );
    const last = page.at(-1);
    if (last && page.length === PAGE) {
      const place = { entityId: last.entityId, beaconId: last.beaconId };
      await storePreparation(tx, rolloutId, { preparedUpTo: place, lastOrders: null });
      return false;
    }
    return this.group(tx, rollout);
  }

  private async group(tx: EntityManager, { rolloutId, planJson, preparedUpTo }: Rollout): Promise<boolean> {
    const total = await countDevices(tx, rolloutId);
    if (total === 0) {
      await storePreparation(tx, rolloutId, { preparedUpTo: null, lastOrders: [] });
      return false;
    }
    await assignGroups(tx, rolloutId, cumulativeSizes(planJson.groups, total));
    const lastOrders = await lastOrdersOf(tx, rolloutId, planJson.groups.length);
    await storePreparation(tx, rolloutId, { preparedUpTo, lastOrders });
    return true;
  }
}
