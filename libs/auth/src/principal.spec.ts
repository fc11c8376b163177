import { POLICIES } from '#libs/contracts';
import { isAllowed, type Principal } from './principal.js';

function principal(...roles: Principal['roles']): Principal {
  return { kind: 'user', id: 'u-1', name: 'ada', roles, expiresAt: null, sessionId: null };
}

describe('isAllowed', () => {
  it('ROB-014 the role sets are defined once', () => {
    expect(POLICIES.Viewer).toEqual(['viewer', 'operator', 'admin']);
    expect(POLICIES.Operator).toEqual(['operator', 'admin']);
    expect(POLICIES.Admin).toEqual(['admin']);
  });

  it.each([
    ['Viewer', 'viewer', true],
    ['Viewer', 'operator', true],
    ['Viewer', 'admin', true],
    ['Operator', 'viewer', false],
    ['Operator', 'operator', true],
    ['Admin', 'operator', false],
    ['Admin', 'admin', true],
    ['Viewer', 'driver', false],
    ['Operator', 'restaurant', false],
    ['Viewer', 'mobile', false],
  ] as const)('ROB-012 policy %s and role %s: %s', (policy, role, expected) => {
    expect(isAllowed(policy, principal(role))).toBe(expected);
  });

  it('a caller without roles is authenticated and nothing more', () => {
    expect(isAllowed('Authenticated', principal())).toBe(true);
    expect(isAllowed('Viewer', principal())).toBe(false);
  });
});
