/** Roles that people and API keys may be given (decisions A21, G1). `mobile` stands for customer. */
export const USER_ROLES = ['viewer', 'operator', 'admin', 'mobile', 'driver', 'restaurant'] as const;

/** Roles of devices; they come from the devices' own tokens alone and never satisfy a policy for people. */
export const MACHINE_ROLES = ['orchestrator', 'beacon', 'robot'] as const;

export const ROLES = [...USER_ROLES, ...MACHINE_ROLES] as const;

export type UserRole = (typeof USER_ROLES)[number];
export type MachineRole = (typeof MACHINE_ROLES)[number];
export type Role = (typeof ROLES)[number];

/** The one definition of who may do what. A route names a policy; a route without one is refused. */
export const POLICIES = {
  Viewer: ['viewer', 'operator', 'admin'],
  Operator: ['operator', 'admin'],
  Admin: ['admin'],
  /** Reads malls and creates tasks in them (orchestrators.txt 8.2). */
  Mobile: ['mobile', 'viewer', 'operator', 'admin'],
  /** Orders tasks, and unlocks beacons. */
  TaskAuthor: ['mobile', 'operator', 'admin'],
  Orchestrator: ['orchestrator'],
  /** A beacon, or the orchestrator that speaks for it. */
  Beacon: ['beacon', 'orchestrator'],
  /** Whoever carries tasks out. */
  TaskReporter: ['orchestrator', 'robot'],
  TaskReader: ['mobile', 'viewer', 'operator', 'admin', 'orchestrator', 'robot'],
  FirmwareReader: ['viewer', 'operator', 'admin', 'orchestrator', 'beacon'],
  /** Any caller that proved who it is, whatever its roles. */
  Authenticated: ROLES,
} as const satisfies Record<string, readonly Role[]>;

/**
 * Policies that no guard enforces. `Public` needs no caller at all; `LastToken` needs the caller's last token, which may
 * have ended, so that its handler reads it.
 */
const OPEN_POLICIES = ['Public', 'LastToken'] as const;
export type OpenPolicy = (typeof OPEN_POLICIES)[number];

export type Policy = keyof typeof POLICIES | OpenPolicy;

const openPolicies: readonly string[] = OPEN_POLICIES;

/** Whether a request passes the guards without a principal. */
export function isOpen(policy: Policy): policy is OpenPolicy {
  return openPolicies.includes(policy);
}

/** Whether one of `roles` satisfies the policy. */
export function satisfies(policy: Policy, roles: readonly string[]): boolean {
  if (isOpen(policy)) return true;
  const admitted: readonly string[] = POLICIES[policy];
  return roles.some((role) => admitted.includes(role));
}

const machineRoles: readonly string[] = MACHINE_ROLES;

/** Whether a role is a device's: such a caller is bound to one entity or device by its token. */
export function isMachineRole(role: string): role is MachineRole {
  return machineRoles.includes(role);
}
