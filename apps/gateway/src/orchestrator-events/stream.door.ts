import { Injectable } from '@nestjs/common';
import { isAllowed } from '#libs/auth';
import { MusterError, ROUTES } from '#libs/contracts';
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

/** What a connection of another protocol than HTTP passes before it is one: the checks of the same stream over HTTP. */
@Injectable()
export class StreamDoor {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly opening: StreamOpening,
  ) {}

  /** @throws MusterError `AUTH_…`, `ACCESS_DENIED`, `ENTITY_ACCESS_DENIED` or `SERVICE_UNAVAILABLE` */
  async open(credentials: Credentials, mentions: Mentions, lastEventId: string | undefined): Promise<Admitted> {
    const caller = await this.admit(credentials, mentions);
    return { caller, place: await this.opening.placeOf(caller, lastEventId) };
  }

  private async admit(credentials: Credentials, mentions: Mentions): Promise<StreamCaller> {
    const principal = await this.authenticator.authenticate(credentials);
    const { policy } = ROUTES.orchestratorsEvents;
    if (!isAllowed(policy, principal)) {
      throw new MusterError('ACCESS_DENIED', `This needs the policy ${policy}.`, { policy });
    }
    requireOwnEntity(principal, mentions);
    return streamCallerOf(principal);
  }
}
