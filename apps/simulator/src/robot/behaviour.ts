import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { FloorPlan } from '../world/floor-plan.js';
import type { OutgoingMessage } from './envelope.js';
import type { RobotCredentials } from './link.js';
import type { RobotConfig } from './robot-config.js';

/** How often and how long the radio is out of reach. */
export interface Outages {
  readonly meanOnlineS: number;
  readonly minOfflineS: number;
  readonly maxOfflineS: number;
}

export interface RobotBehaviour {
  readonly plan: FloorPlan;
  readonly seed: number;
  readonly telemetryHz: number;
  /** Looks for work and docks by itself, or moves only when told. */
  readonly autonomous: boolean;
  /** Share of accepted commands that fail, 0 to 1. */
  readonly failureRate: number;
  /** Absent: the robot stays in reach. */
  readonly outages: Outages | undefined;
  readonly rebootS: number;
  /** How often the body moves. */
  readonly tickMs: number;
  /** Seconds of the robot's world per second of the clock. */
  readonly timeFactor: number;
}

export const USUAL_BEHAVIOUR: Omit<RobotBehaviour, 'plan'> = {
  seed: 1,
  telemetryHz: 1,
  autonomous: true,
  failureRate: 0,
  outages: undefined,
  rebootS: 6,
  tickMs: 250,
  timeFactor: 1,
};

/** What a bench or a chaos test wants to count. */
export interface RobotObserver {
  /** A command begins to be executed: once per command id. */
  executed?(commandId: string): void;
  /** The broker has confirmed that it stored the message. */
  stored?(message: OutgoingMessage): void;
  /** The robot has stopped for good because its credentials were refused. */
  refused?(reason: string): void;
}

export interface SimulatedRobotOptions extends Partial<RobotBehaviour> {
  readonly config: RobotConfig;
  readonly credentials: RobotCredentials;
  readonly clock?: Clock;
  readonly log?: Log;
  readonly observer?: RobotObserver;
}
