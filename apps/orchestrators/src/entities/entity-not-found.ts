import { MusterError } from '#libs/contracts';

/** No administrator made an entity of this id, or it was deleted. */
export function entityNotFound(entityId: string): MusterError {
  return new MusterError('ENTITY_NOT_FOUND', `There is no entity ${entityId}.`, { entity_id: entityId });
}
