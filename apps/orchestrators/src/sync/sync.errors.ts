import { MusterError } from '#libs/contracts';

/** What the documents tell an orchestrator to do when it cannot go on with what it has (9.2). */
const FULL_SYNC = { suggested_action: 'perform_full_sync' } as const;

/** Changes that old are forgotten: the state back then cannot be known. */
export function historyExpired(entityId: string): MusterError {
  const message = `The history of entity "${entityId}" does not reach back that far. Perform a full sync.`;
  return new MusterError('SYNC_HISTORY_EXPIRED', message, { entity_id: entityId, ...FULL_SYNC });
}

/** What the orchestrator holds is not what its position says it should hold (9.2). */
export function checksumMismatch(local: string, server: string): MusterError {
  const message = 'The local data are not those from which this delta starts. Perform a full sync.';
  const details = { local_checksum: local, server_checksum: server, ...FULL_SYNC };
  return new MusterError('SYNC_CHECKSUM_MISMATCH', message, details);
}
