import type { MachineScope, Principal } from '#libs/auth';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';

/** Where a request may say whom it is about. */
export interface Mentions {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly query?: unknown;
  readonly params?: unknown;
  readonly body?: unknown;
}

/** A device and what its token is bound to. */
interface Device {
  readonly id: string;
  readonly scope: MachineScope;
}

/** The entity of a device's token: what services are told, whatever the request says. */
export function entityOf({ scope }: Pick<Principal, 'scope'>): string {
  if (scope?.entityId) return scope.entityId;
  throw denied();
}

/**
 * Checks that a device speaks of its own entity and of itself alone (decision C42); people pass. Headers, parameters and bodies
 * are looked through whole, so that one item of a batch cannot hide another entity. What is checked by its handler, such as the
 * fields of a form, is passed as `body`.
 * @throws MusterError `ENTITY_ACCESS_DENIED`, the same whether the other entity exists or not.
 */
export function requireOwnEntity({ id, scope }: Pick<Principal, 'id' | 'scope'>, mentions: Mentions): void {
  if (scope && !isOwn({ id, scope }, mentions)) throw denied();
}

function isOwn({ id, scope }: Device, { headers = {}, query, params, body }: Mentions): boolean {
  const isEntity = (value: unknown): boolean => value === scope.entityId;
  const isSelf = (value: unknown): boolean => value === id || scope.aliases.some((alias) => alias === value);
  const rules = new Map([
    ['entity_id', isEntity],
    ['entityId', isEntity],
    ...(scope.role === 'orchestrator' ? [['orchestrator_id', isSelf] as const] : []),
    ...(scope.role === 'beacon' ? [['beacon_id', isSelf] as const] : []),
  ]);
  const isNamed = (header: string, rule: (value: unknown) => boolean): boolean =>
    headers[header] === undefined || rule(headers[header]);
  return (
    isNamed(HTTP_HEADERS.entityId, isEntity) &&
    (scope.role !== 'orchestrator' || isNamed(HTTP_HEADERS.orchestratorId, isSelf)) &&
    [query, params, body].every((value) => fits(value, rules))
  );
}

/** Whether every field of these names, at any depth, is right; null is no name. */
function fits(root: unknown, rules: ReadonlyMap<string, (value: unknown) => boolean>): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue;
    for (const [name, field] of Object.entries(value)) {
      const rule = rules.get(name);
      if (!rule) open.push(field);
      else if (field !== null && field !== undefined && !rule(field)) return false;
    }
  }
  return true;
}

function denied(): MusterError {
  return new MusterError('ENTITY_ACCESS_DENIED', 'The token is not for what the request names.');
}
