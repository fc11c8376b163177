import { Errors } from 'typebox/schema';
import { type JsonObject, MAX_JSON_DEPTH, MusterError, nestsDeeperThan } from '#libs/contracts';

/** Desired settings are small: a robot keeps them in memory and reports them back. */
export const MAX_DESIRED_BYTES = 64 * 1024;

const MAX_LISTED = 20;

/** @throws MusterError `PAYLOAD_TOO_LARGE` with the current size, `VALIDATION_FAILED` when it nests too deep */
export function requireDesiredSize(robotId: string, payload: JsonObject): void {
  const text = JSON.stringify(payload);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_DESIRED_BYTES) {
    const message = `The desired settings of ${robotId} have ${sizeBytes} bytes; at most ${MAX_DESIRED_BYTES} are taken.`;
    throw new MusterError('PAYLOAD_TOO_LARGE', message, { robotId, sizeBytes, maxBytes: MAX_DESIRED_BYTES });
  }
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) {
    const message = `The desired settings nest deeper than ${MAX_JSON_DEPTH} levels.`;
    throw new MusterError('VALIDATION_FAILED', message, { robotId });
  }
}

/**
 * Checks settings against the schema that the robot itself published. Unknown keywords are passed over, and what is no
 * schema checks nothing: a robot's mistake must not keep people from setting it right.
 * The check is interpreted, never compiled: the schema comes from a device.
 * @throws MusterError `VALIDATION_FAILED` with the paths that do not fit
 */
export function requireSchema(robotId: string, schema: unknown, payload: JsonObject): void {
  const problems = problemsOf(schema, payload);
  if (problems.length === 0) return;
  const message = `The desired settings do not fit the settingsSchema of ${robotId}.`;
  throw new MusterError('VALIDATION_FAILED', message, { robotId, problems: problems.slice(0, MAX_LISTED) });
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

function problemsOf(schema: unknown, payload: JsonObject): readonly Problem[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return [];
  try {
    const [fits, errors] = Errors(schema, payload);
    return fits ? [] : errors.map(({ instancePath, message }) => ({ path: `payload${instancePath}`, message }));
  } catch {
    return [];
  }
}
