/** How fast life in a mall goes. */
export interface MallPace {
  /** Between two heartbeats of a beacon. */
  readonly beaconHeartbeatMs: number;
  /** How often somebody comes to one of the gates. */
  readonly visitMs: number;
  readonly flushLogsMs: number;
  /** How often a task that runs moves on. */
  readonly taskTickMs: number;
  readonly robotSpeedMps: number;
  /** How often a shopper orders something. */
  readonly orderMs: number;
}

export const USUAL_PACE: MallPace = {
  beaconHeartbeatMs: 60_000,
  visitMs: 2_000,
  flushLogsMs: 30_000,
  taskTickMs: 5_000,
  robotSpeedMps: 1.2,
  orderMs: 20_000,
};
