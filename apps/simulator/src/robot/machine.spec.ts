import { defaultFloorPlan } from '../world/floor-plan.js';
import { seededRandom } from '../world/random.js';
import { RobotMachine, type TripReport } from './machine.js';
import { sampleRobotConfigs } from './robot-config.js';
import { applySettings, settingsLimits } from './settings.js';

const [config] = sampleRobotConfigs();
const limits = settingsLimits(config.capabilities.maxSpeedMps, 1);

function machine({ autonomous = false, seed = 1 } = {}): RobotMachine {
  const random = seededRandom(seed);
  return new RobotMachine({ config, plan: defaultFloorPlan(), random, autonomous, settings: limits.defaults });
}

function run(robot: RobotMachine, seconds: number): TripReport[] {
  return Array.from({ length: seconds }, () => robot.step(1)).filter((report) => report !== undefined);
}

describe('a robot’s body', () => {
  it('lives the same day again with the same seed', () => {
    const day = (seed: number): unknown[] => {
      const robot = machine({ autonomous: true, seed });
      return Array.from({ length: 600 }, () => [robot.step(1), robot.motion, robot.battery, robot.state]);
    };
    expect(day(3)).toEqual(day(3));
    expect(day(3)).not.toEqual(day(4));
  });

  it('drives to a station at no more than its speed and says how far it has come', () => {
    const robot = machine();
    expect(robot.goTo('shipping')).toBeUndefined();
    const reports = run(robot, 120);
    expect(reports.at(-1)).toEqual({ kind: 'arrived', node: 'shipping' });
    const percents = reports.flatMap((report) => (report.kind === 'moving' ? [report.percent] : []));
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(robot.motion).toMatchObject({ xM: 58, yM: 32, speedMps: 0 });
    robot.goTo('receiving');
    robot.step(1);
    expect(robot.motion.speedMps).toBeCloseTo(config.capabilities.maxSpeedMps);
    robot.settings = { ...robot.settings, maxSpeedMps: 0.5 };
    robot.step(1);
    expect(robot.motion.speedMps).toBeCloseTo(0.5);
  });

  it('looks for work, docks when the battery is low and leaves the dock charged', () => {
    const robot = machine({ autonomous: true });
    const seen = new Map<string, number[]>();
    for (let second = 0; second < 7_200; second++) {
      robot.step(1);
      seen.set(robot.state, [...(seen.get(robot.state) ?? []), robot.battery.percent]);
    }
    expect([...seen.keys()].toSorted()).toEqual(['charging', 'driving', 'idle']);
    expect(Math.min(...(seen.get('charging') ?? []))).toBeLessThan(robot.settings.lowBatteryPercent);
    expect(Math.max(...(seen.get('charging') ?? []))).toBeGreaterThan(94);
    expect(Math.min(...(seen.get('driving') ?? []))).toBeGreaterThan(3);
  });

  it('stays at the dock it was sent to until told otherwise', () => {
    const robot = machine({ autonomous: true });
    robot.dock();
    run(robot, 3_600);
    expect([robot.state, robot.battery.percent]).toEqual(['charging', 100]);
    expect(robot.undock()).toBeUndefined();
    expect(run(robot, 30)).toContainEqual({ kind: 'arrived', node: expect.stringContaining('crossing') });
    expect(robot.undock()).toMatchObject({ code: 'NOT_DOCKED' });
  });

  it('stands still while paused, goes on after it, and drops the trip when stopped', () => {
    const robot = machine();
    robot.goTo('shipping');
    run(robot, 3);
    robot.pause();
    const before = robot.motion;
    run(robot, 10);
    expect([robot.state, robot.motion.xM]).toEqual(['paused', before.xM]);
    expect(robot.goTo('receiving')).toMatchObject({ code: 'PAUSED' });
    robot.resume();
    run(robot, 1);
    expect(robot.state).toBe('driving');
    robot.stop();
    expect([run(robot, 200), robot.state]).toEqual([[], 'stopped']);
  });

  it('gives up an ordered trip at its reserve', () => {
    const robot = machine();
    let last: TripReport | undefined;
    for (let trip = 0; trip < 200 && last?.kind !== 'gave-up'; trip++) {
      robot.goTo(trip % 2 === 0 ? 'shipping' : 'receiving');
      last = run(robot, 60).at(-1);
    }
    expect(last).toMatchObject({ kind: 'gave-up', fault: { code: 'BATTERY_LOW' } });
    expect(robot.errors).toMatchObject([{ code: 'BATTERY_LOW' }]);
    expect(robot.goTo('shipping')).toMatchObject({ code: 'BATTERY_LOW' });
    expect(robot.dock()).toBeUndefined();
  });
});

describe('settings', () => {
  it('bring wishes into the robot’s range and leave the rest as it was', () => {
    const wish = { maxSpeedMps: 99, telemetryHz: -1, lowBatteryPercent: 30, horn: 'loud' };
    expect(applySettings(limits.defaults, wish, limits)).toEqual({
      maxSpeedMps: 1.8,
      telemetryHz: 0.1,
      lowBatteryPercent: 30,
    });
    expect(applySettings(limits.defaults, { maxSpeedMps: 'fast', telemetryHz: null }, limits)).toEqual(limits.defaults);
    expect(applySettings({ ...limits.defaults, maxSpeedMps: 1 }, { maxSpeedMps: null }, limits)).toEqual(
      limits.defaults,
    );
  });
});
