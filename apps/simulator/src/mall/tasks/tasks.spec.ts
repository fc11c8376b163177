import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { seededRandom } from '../../world/random.js';
import { type MallRobot, readSelectionParams, selectRobot, USUAL_SELECTION } from './robot.selection.js';
import { TaskDesk } from './task.desk.js';

const robot = (robotId: string, more: Partial<MallRobot> = {}): MallRobot => ({
  robotId,
  batteryPercent: 80,
  x: 0,
  y: 0,
  queueLength: 0,
  ...more,
});
const V2 = {
  min_battery_threshold: 25,
  max_distance_meters: 500,
  priority_weights: { distance: 0.6, battery: 0.3, queue_length: 0.1 },
};

describe('choosing a robot', () => {
  it('ORC-021 takes the best among those that are near and charged enough', () => {
    const robots = [robot('far', { x: 400 }), robot('near', { x: 10 }), robot('empty', { batteryPercent: 24 })];
    expect(selectRobot(robots, { x: 0, y: 0 }, V2)?.robotId).toBe('near');
    expect(selectRobot([robot('empty', { batteryPercent: 24 })], { x: 0, y: 0 }, V2)).toBeUndefined();
    expect(selectRobot([robot('away', { x: 501 })], { x: 0, y: 0 }, V2)).toBeUndefined();
  });

  it('ORC-025 checks a configuration before it is applied', () => {
    expect(readSelectionParams(V2)).toEqual(V2);
    for (const bad of [null, {}, { ...V2, min_battery_threshold: 'x' }, { ...V2, priority_weights: { distance: 2 } }]) {
      expect(readSelectionParams(bad)).toBeUndefined();
    }
    expect(readSelectionParams(USUAL_SELECTION)).toEqual(USUAL_SELECTION);
  });
});

describe('the desk of tasks', () => {
  const place = { x: 30, y: 0, floor: 'L1' };
  function deskOf(robots: readonly MallRobot[], failureRate = 0) {
    const clock = new ManualClock();
    const reports: { type: string; body: any }[] = [];
    const desk = new TaskDesk({
      robots,
      report: (type, body) => reports.push({ type, body }),
      clock,
      random: seededRandom(1),
      tickMs: 5_000,
      speedMps: 1.2,
      failureRate,
    });
    desk.start();
    return { clock, reports, desk };
  }

  it('ORC-021 queues a task, gives it to a robot, and reports assignment, progress and completion', () => {
    const { clock, reports, desk } = deskOf([robot('robot-1')]);
    desk.take({ taskId: 't1', from: { x: 0, y: 0 }, to: place });
    desk.take({ taskId: 't1', from: { x: 0, y: 0 }, to: place });
    desk.take({ taskId: 't2', from: { x: 0, y: 0 }, to: place });
    expect([desk.activeCount, desk.pendingCount]).toEqual([1, 1]);
    clock.advance(30_000);
    expect(reports.map(({ type }) => type).slice(0, 3)).toEqual(['task_assign', 'task_status', 'task_status']);
    const done = reports.filter(({ type }) => type === 'task_complete').map(({ body }) => body.task_id);
    expect(done).toEqual(['t1']);
    clock.advance(60_000);
    expect(desk.counts).toMatchObject({ assigned: 2, completed: 2 });
  });

  it('lets a cancelled task go, and says why one failed', () => {
    const { clock, desk, reports } = deskOf([robot('robot-1')], 1);
    desk.take({ taskId: 't1', from: { x: 0, y: 0 }, to: place });
    desk.cancel('t1');
    clock.advance(60_000);
    expect(reports).toHaveLength(1);
    desk.take({ taskId: 't2', from: { x: 0, y: 0 }, to: place });
    clock.advance(5_000);
    expect(reports.at(-1)?.body).toMatchObject({ status: 'failed', error: { code: 'obstacle' } });
  });
});
