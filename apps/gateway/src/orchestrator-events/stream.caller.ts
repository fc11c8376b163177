import type { Principal } from '#libs/auth';
import { entityOf } from '../isolation/entity.access.js';

/** An orchestrator that may read its entity's events. */
export interface StreamCaller {
  readonly principal: Principal;
  readonly entityId: string;
  /** The assigned id. */
  readonly orchestratorId: string;
}

/** @throws MusterError `ENTITY_ACCESS_DENIED` for a caller that belongs to no entity. */
export function streamCallerOf(principal: Principal): StreamCaller {
  return { principal, entityId: entityOf(principal), orchestratorId: principal.id };
}
