/** A robot of the mall, as its orchestrator sees it. */
export interface MallRobot {
  readonly robotId: string;
  readonly batteryPercent: number;
  readonly x: number;
  readonly y: number;
  readonly queueLength: number;
}

/** Configuration `robot_selection_params` (orchestrators.txt 2.5). */
export interface SelectionParams {
  readonly min_battery_threshold: number;
  readonly max_distance_meters: number;
  readonly priority_weights: { readonly distance: number; readonly battery: number; readonly queue_length: number };
}

export const USUAL_SELECTION: SelectionParams = {
  min_battery_threshold: 20,
  max_distance_meters: 1_000,
  priority_weights: { distance: 0.6, battery: 0.3, queue_length: 0.1 },
};

/** The robot with the best score among those that may; undefined when none may. */
export function selectRobot(
  robots: readonly MallRobot[],
  from: { readonly x: number; readonly y: number },
  params: SelectionParams,
): MallRobot | undefined {
  const scored = robots
    .map((robot) => ({ robot, distanceM: Math.hypot(robot.x - from.x, robot.y - from.y) }))
    .filter(({ robot }) => robot.batteryPercent >= params.min_battery_threshold)
    .filter(({ distanceM }) => distanceM <= params.max_distance_meters)
    .map(({ robot, distanceM }) => ({ robot, score: scoreOf(robot, distanceM, params) }));
  return scored.sort((a, b) => b.score - a.score || (a.robot.robotId < b.robot.robotId ? -1 : 1))[0]?.robot;
}

function scoreOf({ batteryPercent, queueLength }: MallRobot, distanceM: number, params: SelectionParams): number {
  const { distance, battery, queue_length } = params.priority_weights;
  return (
    distance * (1 - distanceM / params.max_distance_meters) +
    (battery * batteryPercent) / 100 +
    queue_length / (1 + queueLength)
  );
}

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && Number.isFinite(value);

/** Checks a configuration before it is applied; undefined for one that makes no sense. */
export function readSelectionParams(config: unknown): SelectionParams | undefined {
  const fields = new Map<string, unknown>(Object.entries(config ?? {}));
  const weights = new Map<string, unknown>(Object.entries(fields.get('priority_weights') ?? {}));
  const [battery, maximum] = [fields.get('min_battery_threshold'), fields.get('max_distance_meters')];
  const [distance, charge, queue] = ['distance', 'battery', 'queue_length'].map((name) => weights.get(name));
  const isBattery = typeof battery === 'number' && battery >= 0 && battery <= 100;
  if (!isBattery || !isPositive(maximum) || !isShare(distance) || !isShare(charge) || !isShare(queue)) return undefined;
  return {
    min_battery_threshold: battery,
    max_distance_meters: maximum,
    priority_weights: { distance, battery: charge, queue_length: queue },
  };
}
