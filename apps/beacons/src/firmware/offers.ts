import { Injectable } from '@nestjs/common';
import type { FirmwareOffer } from '#libs/contracts';
import { type OfferedDevice, RolloutGate } from '../rollouts/rollout.gate.js';
import { runsOn, stepsFrom } from './release.planner.js';
import { type Release, ReleaseRepository } from './release.repository.js';
import { readVersion } from './version.js';

/** Devices report a revision of hardware, `esp32c3-rev3`: the target is its first part. */
export function targetOf(hardwareRevision: string): string {
  return hardwareRevision.split('-', 1)[0] ?? hardwareRevision;
}

/** What a beacon is told to take next. */
@Injectable()
export class FirmwareOffers {
  constructor(
    private readonly releases: ReleaseRepository,
    private readonly gate: RolloutGate,
  ) {}

  /**
   * The highest stable release that the device may take now: above its version, for its hardware, its condition on the
   * version before fulfilled, and admitted by its rollout. Where the newest one asks for a step between, that step.
   */
  async offerFor(device: OfferedDevice): Promise<FirmwareOffer | null> {
    const { hardwareRevision, firmwareVersion } = device;
    if (hardwareRevision === null) return null;
    const line = { target: targetOf(hardwareRevision), device_type: 'beacon', channel: 'stable' } as const;
    const suitable = (await this.releases.offered(line)).filter((release) => runsOn(release, hardwareRevision));
    for (const release of stepsFrom(suitable, readVersion(firmwareVersion))) {
      if (await this.gate.admits(release, device)) return toOffer(release);
    }
    return null;
  }
}

function toOffer({ firmwareId, version, priority, rolloutId }: Release): FirmwareOffer {
  return { firmware_id: firmwareId, version, priority, rollout_id: rolloutId };
}
