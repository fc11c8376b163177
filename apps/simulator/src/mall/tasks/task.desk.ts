import type { Clock } from '../../clock.js';
import type { Random } from '../../world/random.js';
import { type MallRobot, selectRobot, type SelectionParams, USUAL_SELECTION } from './robot.selection.js';

/** A task as `task_create` brings it, cut down to what carrying it out needs. */
export interface MallTask {
  readonly taskId: string;
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number; readonly floor: string };
}

/** What the desk reports to the central server; the type is the batch's. */
export type TaskReport = (type: 'task_assign' | 'task_status' | 'task_complete', body: object) => void;

export interface TaskDeskOptions {
  readonly robots: readonly MallRobot[];
  readonly report: TaskReport;
  readonly clock: Clock;
  readonly random: Random;
  /** How often a running task moves on. */
  readonly tickMs: number;
  readonly speedMps: number;
  readonly failureRate: number;
}

interface Running {
  readonly task: MallTask;
  readonly robotId: string;
  readonly startedMs: number;
  readonly distanceM: number;
  progressPercent: number;
}

const MIN_DURATION_MS = 5_000;
const BATTERY_PER_TASK = 3;
const MS = 1_000;

/** The mall's tasks: queued, given to the best robot, carried out and reported, also while the central server is away. */
export class TaskDesk {
  private readonly queued: MallTask[] = [];
  /** Key: task id. */
  private readonly running = new Map<string, Running>();
  private readonly robots: MallRobot[];
  private params: SelectionParams = USUAL_SELECTION;
  private stopTimer = (): void => undefined;
  readonly counts = { assigned: 0, unassignable: 0, completed: 0, failed: 0 };

  constructor(private readonly options: TaskDeskOptions) {
    this.robots = [...options.robots];
  }

  start(): void {
    this.stopTimer = this.options.clock.every(this.options.tickMs, () => this.tick());
  }

  stop(): void {
    this.stopTimer();
  }

  use(params: SelectionParams): void {
    this.params = params;
  }

  get robotCount(): number {
    return this.robots.length;
  }

  get activeCount(): number {
    return this.running.size;
  }

  get pendingCount(): number {
    return this.queued.length;
  }

  /** Takes a task once, however often it is told. */
  take(task: MallTask): void {
    const isKnown = this.running.has(task.taskId) || this.queued.some(({ taskId }) => taskId === task.taskId);
    if (isKnown) return;
    this.queued.push(task);
    this.assign();
  }

  cancel(taskId: string): void {
    const index = this.queued.findIndex((task) => task.taskId === taskId);
    if (index >= 0) this.queued.splice(index, 1);
    const running = this.running.get(taskId);
    if (running) this.release(running);
  }

  private assign(): void {
    for (let [task] = this.queued; task; [task] = this.queued) {
      const idle = this.robots.filter(({ queueLength }) => queueLength === 0);
      const robot = selectRobot(idle, task.from, this.params);
      if (!robot) {
        this.counts.unassignable++;
        return;
      }
      this.queued.shift();
      this.begin(task, robot);
    }
  }

  private begin(task: MallTask, robot: MallRobot): void {
    const distanceM = Math.hypot(robot.x - task.from.x, robot.y - task.from.y) + lengthOf(task);
    const startedMs = this.options.clock.nowMs();
    this.running.set(task.taskId, { task, robotId: robot.robotId, startedMs, distanceM, progressPercent: 0 });
    this.change(robot.robotId, { queueLength: 1 });
    this.counts.assigned++;
    this.options.report('task_assign', {
      task_id: task.taskId,
      robot_id: robot.robotId,
      assigned_at: new Date(startedMs).toISOString(),
      estimated_duration_seconds: Math.round(this.durationMs(distanceM) / MS),
      path: { distance_meters: Math.round(distanceM * 10) / 10, floors: [task.to.floor], waypoints: 4 },
    });
  }

  private tick(): void {
    for (const running of this.running.values()) this.advance(running);
    this.assign();
  }

  private advance(running: Running): void {
    const { clock, random, failureRate, report } = this.options;
    const { task, robotId, startedMs, distanceM } = running;
    const share = (clock.nowMs() - startedMs) / this.durationMs(distanceM);
    if (share >= 1) {
      this.end(running);
      return;
    }
    if (random.happens(failureRate)) {
      this.counts.failed++;
      this.release(running);
      report('task_status', {
        ...this.statusOf(running, 'failed'),
        error: { code: 'obstacle', message: 'the way is blocked' },
      });
      return;
    }
    running.progressPercent = Math.floor(share * 100);
    this.change(robotId, pointAt(task, share));
    report('task_status', this.statusOf(running, 'in_progress'));
  }

  private durationMs(distanceM: number): number {
    return Math.max(MIN_DURATION_MS, (distanceM / this.options.speedMps) * MS);
  }

  private statusOf({ task, robotId, progressPercent }: Running, status: string): object {
    const robot = this.robots.find((candidate) => candidate.robotId === robotId);
    return {
      task_id: task.taskId,
      robot_id: robotId,
      status,
      progress_percent: progressPercent,
      current_location: { x: robot?.x ?? 0, y: robot?.y ?? 0, z: 0, floor: task.to.floor },
      timestamp: new Date(this.options.clock.nowMs()).toISOString(),
    };
  }

  private end(running: Running): void {
    const { clock, report } = this.options;
    const { task, robotId, startedMs, distanceM } = running;
    this.counts.completed++;
    this.release(running);
    report('task_complete', {
      task_id: task.taskId,
      robot_id: robotId,
      status: 'completed',
      completed_at: new Date(clock.nowMs()).toISOString(),
      duration_seconds: Math.round((clock.nowMs() - startedMs) / MS),
      actual_path: { distance_meters: Math.round(distanceM * 10) / 10, deviation_meters: 1.5 },
      delivery_proof: { photo_url: `https://orchestrator.local/media/${task.taskId}.jpg` },
    });
  }

  private release({ task, robotId }: Running): void {
    this.running.delete(task.taskId);
    const battery = this.robots.find((robot) => robot.robotId === robotId)?.batteryPercent ?? 100;
    // A robot that gets low goes to its dock between two tasks.
    const left = battery - BATTERY_PER_TASK;
    this.change(robotId, { queueLength: 0, x: task.to.x, y: task.to.y, batteryPercent: left < 30 ? 100 : left });
  }

  private change(robotId: string, change: Partial<MallRobot>): void {
    const index = this.robots.findIndex((robot) => robot.robotId === robotId);
    const robot = this.robots[index];
    if (robot) this.robots[index] = { ...robot, ...change };
  }
}

const lengthOf = ({ from, to }: MallTask): number => Math.hypot(to.x - from.x, to.y - from.y);

const pointAt = ({ from, to }: MallTask, share: number): { x: number; y: number } => ({
  x: Math.round((from.x + (to.x - from.x) * share) * 10) / 10,
  y: Math.round((from.y + (to.y - from.y) * share) * 10) / 10,
});
