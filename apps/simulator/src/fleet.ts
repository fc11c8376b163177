import type { Enrolment } from './enrolment/enrolment.js';
import { type Log, reasonOf } from './log.js';
import type { RobotCredentials } from './robot/link.js';
import type { RobotConfig } from './robot/robot-config.js';
import type { SimulatedRobot } from './robot/simulated-robot.js';

export interface FleetOptions {
  readonly configs: readonly RobotConfig[];
  readonly enrolment: Pick<Enrolment, 'enrol'>;
  /** Builds one robot of the fleet. */
  readonly make: (config: RobotConfig, credentials: RobotCredentials) => SimulatedRobot;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface FleetSummary {
  readonly robots: number;
  readonly connected: number;
  /** State of the robots' bodies → how many. */
  readonly states: Readonly<Record<string, number>>;
  readonly stored: number;
  readonly dropped: number;
  readonly retried: number;
  readonly waiting: number;
  readonly executed: number;
}

const AT_ONCE = 4;

/** All simulated robots of this process. */
export class Fleet {
  private readonly robots: SimulatedRobot[] = [];
  /** Reason → the robots that could not be started for it. */
  private readonly troubles = new Map<string, string[]>();

  constructor(private readonly options: FleetOptions) {}

  /**
   * Starts every robot, a few at a time; one that cannot be started does not hold up the others.
   * @throws Error with the reason when not a single one could be started
   */
  async start(): Promise<void> {
    const waiting = [...this.options.configs];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.startOne(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (this.options.signal.aborted) return;
    for (const [message, robotIds] of this.troubles) {
      this.options.log.error('robots_not_started', { message, robot_ids: robotIds });
    }
    const [reason] = this.troubles.keys();
    if (this.robots.length === 0) throw new Error(`No robot could be started. ${reason ?? ''}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.robots.map((robot) => robot.stop()));
  }

  get summary(): FleetSummary {
    const states: Record<string, number> = {};
    for (const { state } of this.robots) states[state] = (states[state] ?? 0) + 1;
    const counters = this.robots.map((robot) => robot.counters);
    const sum = (of: (counter: SimulatedRobot['counters']) => number): number =>
      counters.reduce((total, counter) => total + of(counter), 0);
    return {
      robots: this.options.configs.length,
      connected: this.robots.filter((robot) => robot.isUp).length,
      states,
      stored: sum((counter) => counter.stored),
      dropped: sum((counter) => counter.dropped),
      retried: sum((counter) => counter.retried),
      waiting: sum((counter) => counter.waiting),
      executed: sum((counter) => counter.executed),
    };
  }

  private async startOne(config: RobotConfig): Promise<void> {
    const { enrolment, make, signal } = this.options;
    const { robotId } = config.identity;
    if (signal.aborted) return;
    try {
      const robot = await enrolment.enrol(robotId, (credentials) => make(config, credentials));
      this.robots.push(robot);
      if (signal.aborted) await robot.stop();
    } catch (error) {
      const reason = reasonOf(error);
      this.troubles.set(reason, [...(this.troubles.get(reason) ?? []), robotId]);
    }
  }
}
