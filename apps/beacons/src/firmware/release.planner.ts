import { compareVersions } from './version.js';

/** What planning needs to know of a release. */
export interface PlannedRelease {
  readonly version: string;
  /** A device must run this or a later version before it may take the release. */
  readonly minPreviousVersion: string | null;
  /** Revisions that it runs on; empty: all. */
  readonly compatibleHardware: readonly string[];
}

/** Highest version first. */
export function byVersionDescending<R extends { readonly version: string }>(releases: readonly R[]): R[] {
  return releases.toSorted((a, b) => compareVersions(b.version, a.version));
}

/** Whether it runs on the revision; a device that does not know its own is only offered what runs on all. */
export function runsOn({ compatibleHardware }: PlannedRelease, hardwareRevision: string | null): boolean {
  return (
    compatibleHardware.length === 0 || (hardwareRevision !== null && compatibleHardware.includes(hardwareRevision))
  );
}

/** Releases that a device of this version may take at once, highest first. */
export function stepsFrom<R extends PlannedRelease>(releases: readonly R[], version: string): R[] {
  return byVersionDescending(releases.filter((release) => isStep(release, version)));
}

function isStep({ version: to, minPreviousVersion }: PlannedRelease, from: string): boolean {
  const isAbove = compareVersions(to, from) > 0;
  return isAbove && (minPreviousVersion === null || compareVersions(from, minPreviousVersion) >= 0);
}

/**
 * The fewest steps to the best version that can be reached. Always the highest possible step: from a higher version no step
 * is out of reach that a lower one allows.
 */
export function planPath<R extends PlannedRelease>(releases: readonly R[], from: string): R[] {
  const path: R[] = [];
  for (let [step] = stepsFrom(releases, from); step; [step] = stepsFrom(releases, step.version)) path.push(step);
  return path;
}
