import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isAllowed } from '#libs/auth';
import { isOpen, MusterError, POLICIES } from '#libs/contracts';
import { principalOf } from './request.principal.js';
import { RoutePolicies } from './route.policies.js';

/** Third of four: may it? */
@Injectable()
export class PolicyGuard implements CanActivate {
  constructor(private readonly policies: RoutePolicies) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const policy = this.policies.of(context);
    if (isOpen(policy) || isAllowed(policy, principalOf(context))) return true;
    const anyOf = POLICIES[policy];
    throw new MusterError('ACCESS_DENIED', `This needs one of the roles: ${anyOf.join(', ')}.`, { policy, anyOf });
  }
}
