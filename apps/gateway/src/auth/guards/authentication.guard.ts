import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth';
import { HTTP_HEADERS, isOpen } from '#libs/contracts';
import { addLogFields, type LogFields } from '#libs/jetstream';
import { Authenticator } from '../authenticator.js';
import type { Credentials } from '../credentials.js';
import { RoutePolicies } from './route.policies.js';
import './request.principal.js';

/** First of four: who is calling? Sockets and broker messages are proven where they connect. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly policies: RoutePolicies,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http' || isOpen(this.policies.of(context))) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.principal = await this.authenticator.authenticate(credentialsOf(request));
    addLogFields(logFieldsOf(request.principal));
    return true;
  }
}

/** Which device speaks, in every log line of its request (orchestrators.txt 10.2). */
function logFieldsOf({ id, scope }: Principal): LogFields {
  if (!scope) return {};
  return { ...(scope.entityId === null ? {} : { entity_id: scope.entityId }), [`${scope.role}_id`]: id };
}

function credentialsOf({ headers }: FastifyRequest): Credentials {
  return {
    authorization: headers.authorization,
    apiKey: single(headers[HTTP_HEADERS.apiKey]),
    apiSecret: single(headers[HTTP_HEADERS.apiSecret]),
  };
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
