import semver from 'semver';

/** Whether this is a semantic version as semver.org writes it: three numbers, no `v` before them. */
export function isVersion(text: string): boolean {
  const parsed = semver.parse(text);
  if (!parsed) return false;
  return [parsed.version, ...(parsed.build.length > 0 ? [parsed.build.join('.')] : [])].join('+') === text;
}

/**
 * What a device says of its version, as one that can be compared: `v0.1.8` and `0.2` are read too. A device that says
 * nothing readable is below every release.
 */
export function readVersion(text: string | null): string {
  const said = text ?? '';
  return semver.parse(said)?.version ?? semver.coerce(said)?.version ?? BELOW_ALL;
}

const BELOW_ALL = '0.0.0-0';

/** Negative when `a` is older; build metadata does not count. */
export const compareVersions = (a: string, b: string): number => semver.compare(a, b);
