import { Injectable } from '@nestjs/common';
import { FIRMWARE_DEVICE_TYPES, type FirmwareDeviceType, type FirmwareOffer } from '#libs/contracts';
import { type OfferedDevice, RolloutGate } from '../rollouts/rollout.gate.js';
import { runsOn, stepsFrom } from './release.planner.js';
import { type Release, ReleaseRepository } from './release.repository.js';
import { SharedReads } from './shared.reads.js';
import { readVersion } from './version.js';

/** Devices report a revision of hardware, `esp32c3-rev3`: the target is its first part. */
export function targetOf(hardwareRevision: string): string {
  return hardwareRevision.split('-', 1)[0] ?? hardwareRevision;
}

/** A device with what it says of its kind; `turnstile` and the like are beacons. */
export interface OfferedKind extends OfferedDevice {
  readonly deviceType?: string;
  /** Where it is known; else it is read from the revision of the hardware. */
  readonly target?: string;
}

/** What a beacon is told to take next. */
@Injectable()
export class FirmwareOffers {
  /** Key: a line. Heartbeats come in batches and mostly of one line. */
  private readonly lines = new SharedReads<readonly Release[]>();

  constructor(
    private readonly releases: ReleaseRepository,
    private readonly gate: RolloutGate,
  ) {}

  /**
   * The highest stable release that the device may take now: above its version, for its hardware, its condition on the
   * version before fulfilled, and admitted by its rollout. Where the newest one asks for a step between, that step.
   */
  async offerFor(device: OfferedKind): Promise<FirmwareOffer | null> {
    const { hardwareRevision, firmwareVersion, deviceType } = device;
    const target = device.target ?? (hardwareRevision === null ? null : targetOf(hardwareRevision));
    if (target === null) return null;
    const line = { target, device_type: lineOf(deviceType), channel: 'stable' } as const;
    const offered = await this.lines.ask(`${target}/${line.device_type}`, () => this.releases.offered(line));
    const suitable = offered.filter((release) => runsOn(release, hardwareRevision));
    for (const release of stepsFrom(suitable, readVersion(firmwareVersion))) {
      if (await this.gate.admits(release, device)) return toOffer(release);
    }
    return null;
  }
}

function toOffer({ firmwareId, version, priority, rolloutId }: Release): FirmwareOffer {
  return { firmware_id: firmwareId, version, priority, rollout_id: rolloutId };
}

function lineOf(deviceType: string | undefined): FirmwareDeviceType {
  return FIRMWARE_DEVICE_TYPES.find((known) => known === deviceType) ?? 'beacon';
}
