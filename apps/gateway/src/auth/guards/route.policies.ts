import { Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { POLICY_METADATA } from '#libs/auth';
import { MusterError, type Policy } from '#libs/contracts';

/** Reads the policy of a handler. The default is deny: a handler without one is refused to everybody. */
@Injectable()
export class RoutePolicies {
  private readonly logger = new Logger(RoutePolicies.name);

  constructor(private readonly reflector: Reflector) {}

  of(context: ExecutionContext): Policy {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const policy = this.reflector.getAllAndOverride<Policy | undefined>(POLICY_METADATA, [handler, controller]);
    if (policy !== undefined) return policy;
    this.logger.error({ event: 'route_without_policy', handler: `${controller.name}.${handler.name}` });
    throw new MusterError('ACCESS_DENIED', 'Nobody may call this route: it has no policy.');
  }
}
