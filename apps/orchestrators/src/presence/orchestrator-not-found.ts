import { MusterError } from '#libs/contracts';

/** The entity has no orchestrator, or had one that is gone with it. */
export function orchestratorNotFound(entityId: string): MusterError {
  return new MusterError('ORCHESTRATOR_NOT_FOUND', `Entity ${entityId} has no orchestrator.`, { entity_id: entityId });
}
