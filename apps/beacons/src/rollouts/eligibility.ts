import { targetOf } from '../firmware/offers.js';
import { type PlannedRelease, runsOn } from '../firmware/release.planner.js';
import { compareVersions, readVersion } from '../firmware/version.js';
import type { Candidate } from './candidate.repository.js';

/** Why a beacon is not part of a rollout. `needs_step`: it has to take an older firmware first, and may join later. */
export type LeftOut = 'unapproved' | 'hardware' | 'up_to_date' | 'needs_step';

/** Undefined for a beacon that the release is for. */
export function leftOutFor(
  { hardwareRevision, firmwareVersion, approved }: Candidate,
  release: PlannedRelease & { readonly target: string },
): LeftOut | undefined {
  if (!approved) return 'unapproved';
  if (targetOf(hardwareRevision ?? '') !== release.target || !runsOn(release, hardwareRevision)) return 'hardware';
  const version = readVersion(firmwareVersion);
  if (compareVersions(version, release.version) >= 0) return 'up_to_date';
  const least = release.minPreviousVersion;
  return least !== null && compareVersions(version, least) < 0 ? 'needs_step' : undefined;
}
