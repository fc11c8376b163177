import { Injectable } from '@nestjs/common';
import { isAllowed, type Principal } from '#libs/auth';
import { MusterError, ROUTES } from '#libs/contracts';
import { AuditTrail, type ConnectionOrigin } from '../audit/audit.trail.js';
import { Authenticator } from '../auth/authenticator.js';
import type { Credentials } from '../auth/credentials.js';
import { requireOwnEntity, type Mentions } from '../isolation/entity.access.js';
import { streamCallerOf, type StreamCaller } from './stream.caller.js';
import { StreamOpening, type Place } from './stream.opening.js';

/** A caller that passed, and where its stream goes on. */
export interface Admitted {
  readonly caller: StreamCaller;
  readonly place: Place;
}

/** What a connection shows of itself. */
export interface StreamRequest {
  readonly credentials: Credentials;
  readonly mentions: Mentions;
  readonly lastEventId?: string | undefined;
  /** For the audit log. */
  readonly origin: ConnectionOrigin;
}

/** What a connection of another protocol than HTTP passes before it is one: the checks of the same stream over HTTP. */
@Injectable()
export class StreamDoor {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly opening: StreamOpening,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws MusterError `AUTH_…`, `ACCESS_DENIED`, `ENTITY_ACCESS_DENIED` or `SERVICE_UNAVAILABLE` */
  async open({ credentials, mentions, lastEventId, origin }: StreamRequest): Promise<Admitted> {
    const caller = await this.admit({ credentials, mentions, origin });
    return { caller, place: await this.opening.placeOf(caller, lastEventId) };
  }

  private async admit({ credentials, mentions, origin }: StreamRequest): Promise<StreamCaller> {
    let principal: Principal | undefined;
    try {
      principal = await this.authenticator.authenticate(credentials);
      requirePolicy(principal);
      requireOwnEntity(principal, mentions);
      return streamCallerOf(principal);
    } catch (error) {
      if (error instanceof MusterError) this.audit.refused({ ...origin, principal, error });
      throw error;
    }
  }
}

function requirePolicy(principal: Principal): void {
  const { policy } = ROUTES.orchestratorsEvents;
  if (isAllowed(policy, principal)) return;
  throw new MusterError('ACCESS_DENIED', `This needs the policy ${policy}.`, { policy });
}
