import { type ErrorDetails, MusterError } from '#libs/contracts';

/** `asked` says what was looked for: an id, or a line and what was wanted of it. */
export function firmwareNotFound(asked: ErrorDetails): MusterError {
  const what = Object.entries(asked)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
  return new MusterError('FIRMWARE_NOT_FOUND', `There is no firmware with ${what}.`, asked);
}

/** A field that only the service can judge. */
export function invalidField(field: string, problem: string): MusterError {
  return new MusterError('VALIDATION_FAILED', `${field} ${problem}.`, { fields: [{ field, problems: [problem] }] });
}
