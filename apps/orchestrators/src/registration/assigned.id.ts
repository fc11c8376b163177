import { createHash } from 'node:crypto';

const MAX_CHARACTERS = 64;
const DIGEST_CHARACTERS = 8;
const PREFIX = 'orch-';

/**
 * The ids that a pair may be assigned, the readable one first: `orch-001` of `mall-a` is `orch-mall-a-001`. The second holds a
 * digest of the pair, for when the first is too long or somebody else's.
 */
export function assignedIds(entityId: string, orchestratorId: string): readonly string[] {
  // The documents write the placeholder `mall-a-uuid` and expect `orch-mall-a-001` of it.
  const entity = entityId.replace(/(?<=.)-uuid$/, '');
  const own = orchestratorId.startsWith(PREFIX) ? orchestratorId.slice(PREFIX.length) : orchestratorId;
  const readable = `${PREFIX}${entity}-${own}`;
  const digest = createHash('sha256').update(`${entityId}/${orchestratorId}`).digest('hex').slice(0, DIGEST_CHARACTERS);
  const distinct = `${readable.slice(0, MAX_CHARACTERS - DIGEST_CHARACTERS - 1)}-${digest}`;
  return readable.length > MAX_CHARACTERS ? [distinct] : [readable, distinct];
}
