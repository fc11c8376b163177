import { Injectable } from '@nestjs/common';
import type { RolloutDryRunDto, RolloutRequest } from '#libs/contracts';
import { type Release, ReleaseRepository } from '../firmware/release.repository.js';
import { type Candidate, CandidateRepository } from './candidate.repository.js';
import { leftOutFor } from './eligibility.js';
import { requireRelease } from './required.release.js';
import { cumulativeSizes, groupAt, orderOf } from './rollout.groups.js';
import { planOf } from './rollout.plan.js';
import type { DevicePlace } from './rollout.repository.js';

const PAGE = 1_000;
const SHOWN = 1_000;
/** Any name does: a dry run shows sizes and an example of who would be first. */
const DRY_RUN = 'dry-run';

interface Placed {
  readonly device: Candidate;
  readonly order: string;
}

/** Shows who would get what: nothing is stored, offered or announced. */
@Injectable()
export class RolloutDryRun {
  constructor(
    private readonly candidates: CandidateRepository,
    private readonly releases: ReleaseRepository,
  ) {}

  /** @throws MusterError `FIRMWARE_NOT_FOUND`. */
  async run(request: RolloutRequest): Promise<RolloutDryRunDto> {
    const release = await requireRelease(this.releases, request.firmware_id);
    const plan = planOf(request);
    const leftOut: Record<string, number> = {};
    const placed = await this.place(request, release, leftOut);
    const sizes = cumulativeSizes(plan.groups, placed.length);
    return {
      firmware_id: release.firmwareId,
      version: release.version,
      plan,
      total_devices: placed.length,
      groups: plan.groups.map((percent, group) => ({
        group: group + 1,
        percent,
        devices: (sizes[group] ?? 0) - (sizes[group - 1] ?? 0),
      })),
      devices: placed.slice(0, SHOWN).map(({ device }, place) => ({
        entity_id: device.entityId,
        beacon_id: device.beaconId,
        group: groupAt(place, sizes) + 1,
        from_version: device.firmwareVersion ?? '',
      })),
      left_out: leftOut,
    };
  }

  private async place(request: RolloutRequest, release: Release, leftOut: Record<string, number>): Promise<Placed[]> {
    const placed: Placed[] = [];
    let after: DevicePlace | null = null;
    for (;;) {
      const page: readonly Candidate[] = await this.candidates.page(request.entity_ids ?? null, after, PAGE);
      for (const device of page) {
        const reason = leftOutFor(device, release);
        if (reason !== undefined) leftOut[reason] = (leftOut[reason] ?? 0) + 1;
        else placed.push({ device, order: orderOf(DRY_RUN, device.entityId, device.beaconId) });
      }
      after = page.at(-1) ?? null;
      if (page.length < PAGE) return placed.sort((a, b) => (a.order < b.order ? -1 : 1));
    }
  }
}
