import type { JWTPayload } from 'jose';
import { MusterError, ROLES, type Role } from '#libs/contracts';
import type { Principal } from './principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';

/** Reads a caller from the claims of a token whose signature, issuer, audience and expiry were checked. */
export function toPrincipal(claims: JWTPayload, issuer: TrustedIssuer): Principal {
  if (claims.sub === undefined || claims.exp === undefined) {
    throw new MusterError('AUTH_INVALID_TOKEN', 'The token lacks sub or exp.');
  }
  return {
    kind: issuer.kind,
    id: claims.sub,
    name: firstText(claims['name'], claims['preferred_username'], claims['email']) ?? claims.sub,
    roles: toRoles(claimAt(claims, issuer.rolesClaim ?? 'roles')),
    expiresAt: new Date(claims.exp * 1000),
    sessionId: issuer.kind === 'user' ? (firstText(claims['sid']) ?? null) : null,
  };
}

/** The roles we know among those claimed; `customer` is another word for `mobile` (decision A21). */
export function toRoles(claimed: unknown): Role[] {
  const names = new Set<unknown>(Array.isArray(claimed) ? claimed : [claimed]);
  if (names.has('customer')) names.add('mobile');
  return ROLES.filter((role) => names.has(role));
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
