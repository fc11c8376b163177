import type { Principal } from '#libs/auth';
import { isUuid, type Requester } from '#libs/contracts';

/** Names a caller for the services' records; its id counts as a user's only where it can be one (decision B15). */
export function requesterOf({ kind, id, scope }: Principal): Requester {
  if (scope) return { by: `${scope.role}:${id}`, userId: null };
  const isKey = kind === 'apiKey';
  return { by: `${isKey ? 'key' : 'user'}:${id}`, userId: !isKey && isUuid(id) ? id : null };
}
