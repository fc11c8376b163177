import { isUuid, MusterError, type ErrorCode } from '#libs/contracts';

/** An id that is no UUID names no command. @throws MusterError `COMMAND_NOT_FOUND` */
export function requireCommandId(commandId: string): string {
  return requireUuid(commandId, 'COMMAND_NOT_FOUND', 'command');
}

/** @throws MusterError `BATCH_NOT_FOUND` */
export function requireBatchId(batchId: string): string {
  return requireUuid(batchId, 'BATCH_NOT_FOUND', 'batch');
}

function requireUuid(id: string, code: ErrorCode, what: string): string {
  const shown = id.slice(0, 80);
  if (isUuid(id)) return id.toLowerCase();
  throw new MusterError(code, `There is no ${what} "${shown}".`, {});
}
