import type { Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';

/** An orchestrator that may read its entity's events. */
export interface StreamCaller {
  readonly principal: Principal;
  readonly entityId: string;
  /** The assigned id. */
  readonly orchestratorId: string;
}

/** @throws MusterError `ENTITY_ACCESS_DENIED` for a caller that belongs to no entity. */
export function streamCallerOf(principal: Principal): StreamCaller {
  const entityId = principal.scope?.entityId;
  if (entityId) return { principal, entityId, orchestratorId: principal.id };
  throw new MusterError('ENTITY_ACCESS_DENIED', 'This token belongs to no entity.');
}
