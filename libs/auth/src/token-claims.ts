import type { JWTPayload } from 'jose';
import { isMachineRole, MusterError, ROLES, USER_ROLES, type Role } from '#libs/contracts';
import type { MachineScope, Principal } from './principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Reads a caller from the claims of a token whose signature, issuer, audience and expiry were checked. */
export function toPrincipal(claims: JWTPayload, issuer: TrustedIssuer): Principal {
  if (claims.sub === undefined || claims.exp === undefined) {
    throw new MusterError('AUTH_INVALID_TOKEN', 'The token lacks sub or exp.');
  }
  const roles = toRoles(claimAt(claims, issuer.rolesClaim ?? 'roles'), issuer.kind === 'user' ? ROLES : USER_ROLES);
  const scope = issuer.kind === 'user' ? scopeOf(claims, roles) : undefined;
  return {
    kind: scope ? 'machine' : issuer.kind,
    ...(scope && { scope }),
    id: claims.sub,
    name: firstText(claims['name'], claims['preferred_username'], claims['email']) ?? claims.sub,
    roles,
    expiresAt: new Date(claims.exp * 1000),
    sessionId: issuer.kind === 'user' ? (firstText(claims['sid']) ?? null) : null,
  };
}

/** What a device's token is bound to; undefined for a person's. Devices have one role and are never people as well. */
function scopeOf(claims: JWTPayload, roles: readonly Role[]): MachineScope | undefined {
  const role = roles.find(isMachineRole);
  if (role === undefined) return undefined;
  if (roles.length > 1) throw new MusterError('AUTH_INVALID_TOKEN', 'A device’s token has one role.');
  const aliases: unknown = claims['aliases'];
  return {
    role,
    entityId: firstText(claims['entity_id']) ?? null,
    aliases: Array.isArray(aliases) ? aliases.filter((alias) => typeof alias === 'string') : [],
  };
}

/** The roles among `known` that are claimed; `customer` is another word for `mobile` (decision A21). */
export function toRoles(claimed: unknown, known: readonly Role[] = USER_ROLES): Role[] {
  const names = new Set<unknown>(Array.isArray(claimed) ? claimed : [claimed]);
  if (names.has('customer')) names.add('mobile');
  return known.filter((role) => names.has(role));
}

/** Follows a dotted path, e.g. `realm_access.roles`; a claim whose own name has dots wins. */
function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, key) => ownProperty(value, key), claims);
}

function ownProperty(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function firstText(...candidates: unknown[]): string | undefined {
  return candidates.find((candidate): candidate is string => typeof candidate === 'string');
}
