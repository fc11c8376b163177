import fc from 'fast-check';
import { planPath, type PlannedRelease, runsOn, stepsFrom } from './release.planner.js';
import { compareVersions, isVersion, readVersion } from './version.js';

const release = (version: string, minPreviousVersion: string | null = null): PlannedRelease => ({
  version,
  minPreviousVersion,
  compatibleHardware: [],
});
const versions = (path: readonly PlannedRelease[]): string[] => path.map(({ version }) => version);

const LINE = [release('0.2.0', '0.1.5'), release('0.1.4'), release('0.1.5', '0.1.0'), release('0.2.0-rc.1')];

describe('the planner', () => {
  it('ORC-040 goes by the version that the newest one asks for', () => {
    expect(versions(planPath(LINE, '0.1.2'))).toEqual(['0.2.0-rc.1', '0.2.0']);
    const stable = LINE.filter(({ version }) => !version.includes('-'));
    expect(versions(planPath(stable, '0.1.2'))).toEqual(['0.1.5', '0.2.0']);
    expect(versions(planPath(stable, '0.0.9'))).toEqual(['0.1.4', '0.1.5', '0.2.0']);
    expect(versions(planPath(stable, '0.1.5'))).toEqual(['0.2.0']);
    expect(planPath(stable, '0.2.0')).toEqual([]);
    expect(planPath([], '0.1.0')).toEqual([]);
  });

  it('stops below a release whose condition nothing fulfils', () => {
    const releases = [release('3.0.0', '2.0.0'), release('1.1.0')];
    expect(versions(planPath(releases, '1.0.0'))).toEqual(['1.1.0']);
  });

  it('ORC-037 orders by number, not by letter, and a pre-release before its release', () => {
    const releases = [release('0.9.0'), release('0.10.0'), release('0.10.0-beta.2'), release('0.10.0-beta.11')];
    expect(versions(stepsFrom(releases, '0.1.0'))).toEqual(['0.10.0', '0.10.0-beta.11', '0.10.0-beta.2', '0.9.0']);
  });

  it('ORC-040 runs on listed hardware, or on all when none is listed', () => {
    const picky = { ...release('1.0.0'), compatibleHardware: ['esp32c3-rev3', 'esp32c3-rev4'] };
    expect([runsOn(picky, 'esp32c3-rev3'), runsOn(picky, 'esp32c3-rev2'), runsOn(picky, null)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(runsOn(release('1.0.0'), null)).toBe(true);
  });
});

it.each([
  ['0.2.0', true],
  ['1.0.0-rc.1+build.5', true],
  ['v0.2.0', false],
  ['0.2', false],
  ['01.2.3', false],
  [' 0.2.0', false],
  ['latest', false],
])('takes %s for a version: %s', (text, valid) => {
  expect(isVersion(text)).toBe(valid);
});

it.each([
  ['0.1.8', '0.1.8'],
  ['v0.1.8', '0.1.8'],
  ['0.2', '0.2.0'],
  ['unknown', '0.0.0-0'],
  [null, '0.0.0-0'],
])('reads a device’s version %s as %s', (said, version) => {
  expect(readVersion(said)).toBe(version);
});

describe('every plan', () => {
  const number = fc.nat(4);
  const version = fc.tuple(number, number, number).map((parts) => parts.join('.'));
  const line = fc.uniqueArray(fc.tuple(version, fc.option(version)), {
    selector: ([released]) => released,
    maxLength: 12,
  });

  /** Everything that any order of steps leads to. */
  function reachable(releases: readonly PlannedRelease[], from: string, seen = new Set([from])): Set<string> {
    for (const { version: next } of stepsFrom(releases, from)) {
      if (seen.has(next)) continue;
      seen.add(next);
      reachable(releases, next, seen);
    }
    return seen;
  }

  it('takes allowed steps only, rises, and ends at the best version that can be reached', () => {
    fc.assert(
      fc.property(line, version, (made, from) => {
        const releases = made.map(([released, min]) => release(released, min));
        const path = planPath(releases, from);
        let at = from;
        for (const step of path) {
          expect(compareVersions(step.version, at)).toBeGreaterThan(0);
          if (step.minPreviousVersion !== null)
            expect(compareVersions(at, step.minPreviousVersion)).toBeGreaterThanOrEqual(0);
          at = step.version;
        }
        const best = [...reachable(releases, from)].toSorted(compareVersions).at(-1);
        expect(at).toBe(best);
      }),
      { numRuns: 500 },
    );
  });
});
