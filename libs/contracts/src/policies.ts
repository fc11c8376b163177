/** Roles that a user, key or token may carry (decisions A21, G1). `mobile` stands for customer. */
export const ROLES = ['viewer', 'operator', 'admin', 'mobile', 'driver', 'restaurant'] as const;

export type Role = (typeof ROLES)[number];

/** The one definition of who may do what. A route names a policy; a route without one is refused. */
export const POLICIES = {
  Viewer: ['viewer', 'operator', 'admin'],
  Operator: ['operator', 'admin'],
  Admin: ['admin'],
  /** Any caller that proved who it is, whatever its roles. */
  Authenticated: ROLES,
} as const satisfies Record<string, readonly Role[]>;

/** `Public` needs no caller at all. */
export type Policy = keyof typeof POLICIES | 'Public';

/** Whether one of `roles` satisfies the policy. */
export function satisfies(policy: Policy, roles: readonly string[]): boolean {
  if (policy === 'Public') return true;
  const admitted: readonly string[] = POLICIES[policy];
  return roles.some((role) => admitted.includes(role));
}
