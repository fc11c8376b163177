import { Injectable, Logger } from '@nestjs/common';
import { HTTP_HEADERS, MusterError } from '#libs/contracts';
import { AuditTrail } from '../audit/audit.trail.js';
import { Authenticator } from '../auth/authenticator.js';
import type { Credentials } from '../auth/credentials.js';
import type { HubClient } from './hub.types.js';

const BEARER = /^Bearer +/i;

/** An error as Socket.IO shows it to a client that is refused: `connect_error` with `data`. */
class HandshakeError extends Error {
  readonly data: object;

  constructor({ code, message, details }: MusterError) {
    super(message);
    this.data = { code, message, details };
  }
}

/** Who comes in: `auth.token`, or `auth.apiKey` and `auth.apiSecret`, or the headers that REST takes. */
@Injectable()
export class HubHandshake {
  private readonly logger = new Logger('Hub');

  constructor(
    private readonly authenticator: Authenticator,
    private readonly audit: AuditTrail,
  ) {}

  /** Socket.IO middleware. */
  readonly admit = (socket: HubClient, next: (error?: Error) => void): void => {
    void this.decide(socket, next);
  };

  private async decide(socket: HubClient, next: (error?: Error) => void): Promise<void> {
    next(await this.refusalOf(socket));
  }

  private async refusalOf(socket: HubClient): Promise<HandshakeError | undefined> {
    try {
      socket.data.principal = await this.authenticator.authenticate(credentialsOf(socket));
      return undefined;
    } catch (error) {
      const refusal = this.toMusterError(error);
      const { address, headers } = socket.handshake;
      this.audit.refused({ action: 'hub', error: refusal, address, userAgent: headers['user-agent'] });
      return new HandshakeError(refusal);
    }
  }

  private toMusterError(error: unknown): MusterError {
    if (error instanceof MusterError) return error;
    this.logger.error({ event: 'hub_handshake_failed', error });
    return new MusterError('SERVICE_UNAVAILABLE', 'The caller cannot be checked now; try again shortly.');
  }
}

function credentialsOf({ handshake }: HubClient): Credentials {
  const auth = new Map<string, unknown>(Object.entries(handshake.auth));
  const { headers } = handshake;
  return {
    token: textOf(auth.get('token'))?.replace(BEARER, ''),
    authorization: headers.authorization,
    apiKey: textOf(auth.get('apiKey')) ?? textOf(headers[HTTP_HEADERS.apiKey]),
    apiSecret: textOf(auth.get('apiSecret')) ?? textOf(headers[HTTP_HEADERS.apiSecret]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
