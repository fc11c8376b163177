import { stepBattery } from './battery.js';
import { advance, nodeAt, parkedAt, poseOf, remainingM, routeTo } from './drive.js';
import { defaultFloorPlan, parseFloorPlan, shortestPath } from './floor-plan.js';
import { seededRandom, seedOf } from './random.js';

/** A ── 10 m ── B ── 10 m ── C, and a dock 5 m north of B. */
const plan = parseFloorPlan({
  mapId: 'test',
  nodes: [
    { id: 'A', kind: 'station', xM: 0, yM: 0 },
    { id: 'B', kind: 'junction', xM: 10, yM: 0 },
    { id: 'C', kind: 'station', xM: 20, yM: 0 },
    { id: 'D', kind: 'dock', xM: 10, yM: 5 },
  ],
  lanes: [
    ['A', 'B'],
    ['B', 'C'],
    ['B', 'D'],
  ],
});

describe('the floor plan', () => {
  it('comes with stations and docks that can all be reached', () => {
    const { stations, docks } = defaultFloorPlan();
    expect([stations.length, docks.length]).toEqual([12, 6]);
  });

  it('finds the shortest way along the lanes', () => {
    expect(shortestPath(plan, 'A', 'D')).toEqual({ nodes: ['A', 'B', 'D'], lengthM: 15 });
    expect(shortestPath(plan, 'C', 'C')).toEqual({ nodes: ['C'], lengthM: 0 });
    const hall = defaultFloorPlan();
    expect(shortestPath(hall, 'receiving', 'shipping').lengthM).toBeCloseTo(80);
  });

  it.each([
    [{ lanes: [['A', 'X']] }, /unknown node "X".*no lane leads to B/],
    [{ nodes: [{ id: 'A', kind: 'station', xM: 0, yM: 0 }], lanes: [] }, /one dock/],
    [{ nodes: 7 }, /nodes/],
  ])('names what is wrong with %j', (change, message) => {
    const nodes = [
      { id: 'A', kind: 'station', xM: 0, yM: 0 },
      { id: 'B', kind: 'dock', xM: 1, yM: 0 },
    ];
    expect(() => parseFloorPlan({ mapId: 'm', nodes, lanes: [['A', 'B']], ...change })).toThrow(message);
  });
});

describe('driving', () => {
  it('moves along the lanes and stops at the target', () => {
    const start = routeTo(plan, parkedAt('A'), 'C');
    expect(remainingM(plan, start)).toBe(20);
    const halfway = advance(plan, start, 12.5);
    expect(poseOf(plan, halfway.place)).toEqual({ xM: 12.5, yM: 0, headingDeg: 0 });
    expect(remainingM(plan, halfway)).toBeCloseTo(7.5);
    const end = advance(plan, halfway, 1_000);
    expect([nodeAt(end.place), remainingM(plan, end)]).toEqual(['C', 0]);
  });

  it('takes equal steps or one big one to the same place', () => {
    const start = routeTo(plan, parkedAt('A'), 'D');
    const small = Array.from({ length: 14 }).reduce<typeof start>((drive) => advance(plan, drive, 1), start);
    expect(poseOf(plan, small.place)).toEqual(poseOf(plan, advance(plan, start, 14).place));
    expect(poseOf(plan, small.place).headingDeg).toBe(90);
  });

  it('turns round between two nodes when that is shorter', () => {
    const underway = advance(plan, routeTo(plan, parkedAt('A'), 'C'), 3);
    const back = routeTo(plan, underway, 'A');
    expect(remainingM(plan, back)).toBeCloseTo(3);
    expect(poseOf(plan, back.place)).toEqual({ xM: 3, yM: 0, headingDeg: 180 });
    expect(remainingM(plan, routeTo(plan, underway, 'C'))).toBeCloseTo(17);
  });
});

describe('the battery', () => {
  const pack = { capacityWh: 100, idlePowerW: 10, drivePowerW: 90, chargePowerW: 210 };

  it('drains by what the robot draws and charges by what is left over', () => {
    expect(stepBattery(50, pack, { seconds: 3_600, speedShare: 0, charging: false })).toBeCloseTo(40);
    expect(stepBattery(50, pack, { seconds: 900, speedShare: 1, charging: false })).toBeCloseTo(25);
    expect(stepBattery(50, pack, { seconds: 360, speedShare: 0, charging: true })).toBeCloseTo(70);
  });

  it('stays between empty and full', () => {
    expect(stepBattery(5, pack, { seconds: 86_400, speedShare: 1, charging: false })).toBe(0);
    expect(stepBattery(95, pack, { seconds: 86_400, speedShare: 0, charging: true })).toBe(100);
  });
});

describe('chance', () => {
  it('gives the same series for the same seed and another for each robot', () => {
    const series = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(series(7)).toEqual(series(7));
    expect(series(seedOf('RB-001', 1))).not.toEqual(series(seedOf('RB-002', 1)));
    expect(series(7).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
