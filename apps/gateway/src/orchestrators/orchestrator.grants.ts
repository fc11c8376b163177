import { Injectable } from '@nestjs/common';
import { ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { RevocationRepository } from '../auth/sessions/revocation.repository.js';
import { SessionRevocations } from '../auth/sessions/session.revocations.js';

/** Ends what orchestrators may do. */
@Injectable()
export class OrchestratorGrants {
  constructor(
    private readonly rpc: RpcClient,
    private readonly store: RevocationRepository,
    private readonly revocations: SessionRevocations,
  ) {}

  /**
   * Ends every token of an entity's orchestrators, here at once and elsewhere within seconds, and answers a new enrolment secret.
   * The service ends the grants first: if we die before the tokens are revoked, a second call revokes them.
   * @throws MusterError `ENTITY_NOT_FOUND`
   */
  async end(entityId: string): Promise<string> {
    const { grant_ids, enrolment_secret } = await this.rpc.ask(ORCHESTRATORS_REQUESTS.reset, { entity_id: entityId });
    await this.store.add(grant_ids);
    this.revocations.note(grant_ids);
    return enrolment_secret;
  }
}
