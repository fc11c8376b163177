import { satisfies, type MachineRole, type Policy, type Role } from '#libs/contracts';

/** Who is calling, once proven. The same for a request, a socket and a message on it. */
export interface Principal {
  readonly kind: 'user' | 'apiKey' | 'foreign' | 'machine';
  /** A user's id (the `sub` of its token), an API key's id, a device's id, or a foreign token's `sub`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** When the proof ends, by the issuer's clock; null for an API key, which ends when it is deleted. */
  readonly expiresAt: Date | null;
  /** What a revocation names: the log-in of a user, the id of an API key, a device's grant; null for a foreign token. */
  readonly sessionId: string | null;
  /** Set for `machine` alone: what its token is bound to. */
  readonly scope?: MachineScope;
}

/** What a device's token is bound to (orchestrators.txt 8.2, "Entity Isolation"). */
export interface MachineScope {
  readonly role: MachineRole;
  /** The entity that it belongs to; null for a robot that belongs to none. */
  readonly entityId: string | null;
  /** Other names under which the device may speak of itself: the id that it asked for when it registered. */
  readonly aliases: readonly string[];
}

/** Whether the caller may do what the policy guards. `Authenticated` admits a caller without any role of ours. */
export function isAllowed(policy: Policy, principal: Principal): boolean {
  return policy === 'Authenticated' || satisfies(policy, principal.roles);
}
