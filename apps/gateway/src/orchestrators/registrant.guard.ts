import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isAllowed, type Principal } from '#libs/auth';
import { MusterError } from '#libs/contracts';
import { Authenticator } from '../auth/authenticator.js';

/**
 * Registering needs no token. Whoever shows a good one of somebody who is neither an orchestrator nor of the staff is told so
 * before its body is read (orchestrators.txt 8.2); one that is no longer good says nothing, as it is why one registers.
 */
@Injectable()
export class RegistrantGuard implements CanActivate {
  constructor(private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const principal = authorization === undefined ? undefined : await this.callerOf(authorization);
    if (!principal || isAllowed('Orchestrator', principal) || isAllowed('Viewer', principal)) return true;
    throw new MusterError('ACCESS_DENIED', 'Only orchestrators register here.');
  }

  private async callerOf(authorization: string): Promise<Principal | undefined> {
    try {
      return await this.authenticator.authenticate({ authorization, apiKey: undefined, apiSecret: undefined });
    } catch (error) {
      if (error instanceof MusterError && error.code.startsWith('AUTH_')) return undefined;
      throw error;
    }
  }
}
