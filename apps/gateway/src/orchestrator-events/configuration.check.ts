import { MusterError, type JsonObject } from '#libs/contracts';

const MAX_BYTES = 65_536;
const ROBOT_SELECTION = 'robot_selection_params';

/** A number's range: from `min` to `max`, both allowed. */
interface Range {
  readonly min: number;
  readonly max: number;
}

const PERCENT: Range = { min: 0, max: 100 };
const DISTANCE: Range = { min: 0, max: 1_000_000 };
const WEIGHT: Range = { min: 0, max: 1 };

/**
 * Checks what an orchestrator could not apply (orchestrators.txt 2.5). Fields and types that the documents do not name pass as
 * they are.
 * @throws MusterError `PAYLOAD_TOO_LARGE` or `VALIDATION_FAILED` with the path.
 */
export function requireConfiguration(type: string, config: JsonObject): void {
  const sizeBytes = Buffer.byteLength(JSON.stringify(config));
  if (sizeBytes > MAX_BYTES) {
    const message = `The configuration has ${sizeBytes} bytes; at most ${MAX_BYTES}.`;
    throw new MusterError('PAYLOAD_TOO_LARGE', message, { sizeBytes, maxBytes: MAX_BYTES });
  }
  if (type !== ROBOT_SELECTION) return;
  const fields = problemsOf(config).map(([field, problem]) => ({ field: `config.${field}`, problems: [problem] }));
  if (fields.length === 0) return;
  const message = fields.map(({ field, problems }) => `${field} ${problems.join(', ')}`).join('; ');
  throw new MusterError('VALIDATION_FAILED', `${message}.`, { fields });
}

type Problem = readonly [field: string, problem: string];

function problemsOf(config: JsonObject): readonly Problem[] {
  const weights = config['priority_weights'];
  return [
    ...outOfRange('min_battery_threshold', config['min_battery_threshold'], PERCENT),
    ...outOfRange('max_distance_meters', config['max_distance_meters'], DISTANCE),
    ...(weights === undefined ? [] : problemsOfWeights(weights)),
  ];
}

function problemsOfWeights(weights: unknown): readonly Problem[] {
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
    return [['priority_weights', 'must be an object of numbers']];
  }
  return Object.entries(weights).flatMap(([name, weight]) => outOfRange(`priority_weights.${name}`, weight, WEIGHT));
}

function outOfRange(field: string, value: unknown, { min, max }: Range): readonly Problem[] {
  if (value === undefined || (typeof value === 'number' && value >= min && value <= max)) return [];
  return [[field, `must be a number from ${min} to ${max}`]];
}
