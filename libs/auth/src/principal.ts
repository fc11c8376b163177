import { satisfies, type Policy, type Role } from '#libs/contracts';

/** Who is calling, once proven. The same for a request, a socket and a message on it. */
export interface Principal {
  readonly kind: 'user' | 'apiKey' | 'foreign';
  /** A user's id (the `sub` of its token), an API key's id, or a foreign token's `sub`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** When the proof ends, by the issuer's clock; null for an API key, which ends when it is deleted. */
  readonly expiresAt: Date | null;
  /** What a revocation names: the log-in of a user, the id of an API key; null for a foreign token. */
  readonly sessionId: string | null;
}

/** Whether the caller may do what the policy guards. `Authenticated` admits a caller without any role of ours. */
export function isAllowed(policy: Policy, principal: Principal): boolean {
  return policy === 'Authenticated' || satisfies(policy, principal.roles);
}
