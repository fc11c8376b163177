import { MusterError } from '#libs/contracts';

/** What the documents tell an orchestrator to do when it cannot go on with what it has (9.2). */
export const FULL_SYNC = { suggested_action: 'perform_full_sync' } as const;

export function entityNotFound(entityId: string): MusterError {
  return new MusterError('ENTITY_NOT_FOUND', `There is no entity "${entityId}".`, { entity_id: entityId });
}

/** Changes that old are forgotten: the state back then cannot be known. */
export function historyExpired(entityId: string): MusterError {
  const message = `The history of entity "${entityId}" does not reach back that far. Perform a full sync.`;
  return new MusterError('SYNC_HISTORY_EXPIRED', message, { entity_id: entityId, ...FULL_SYNC });
}
