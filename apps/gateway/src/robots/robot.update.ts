import { MusterError, type JsonObject, type RobotUpdate } from '#libs/contracts';
import { createValidationPipe } from '../http/validation.pipe.js';
import { RobotUpdateRequest, toRobotUpdate } from './robots.dto.js';

const pipe = createValidationPipe();
/** Decision B12; the error says how large the text is. */
const MAX_SETTINGS_BYTES = 64 * 1024;

/** Reads an edit that came without HTTP, by the rules of `PUT /api/v1/robots/{robotId}`. */
export async function readRobotUpdate(fields: object): Promise<RobotUpdate> {
  const request: unknown = await pipe.transform(fields, { type: 'body', metatype: RobotUpdateRequest });
  if (!(request instanceof RobotUpdateRequest)) throw new MusterError('VALIDATION_FAILED', 'The edit is no object.');
  return toRobotUpdate(request);
}

/** Desired settings are one JSON object of bounded size (ROB-043, decision B12). */
export function requireSettings(payload: unknown): JsonObject {
  if (!isJsonObject(payload)) {
    const problems = ['payload must be a JSON object'];
    throw new MusterError('VALIDATION_FAILED', 'payload must be a JSON object.', {
      fields: [{ field: 'payload', problems }],
    });
  }
  const sizeBytes = Buffer.byteLength(JSON.stringify(payload));
  if (sizeBytes <= MAX_SETTINGS_BYTES) return payload;
  const limitBytes = MAX_SETTINGS_BYTES;
  throw new MusterError('PAYLOAD_TOO_LARGE', `payload has ${sizeBytes} bytes of ${limitBytes}.`, {
    sizeBytes,
    limitBytes,
  });
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
