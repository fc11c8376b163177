import { Controller } from '@nestjs/common';
import { BEACONS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { GrantRepository } from './grant.repository.js';

/** Fits one reply many times. */
const GRANTS_PER_REPLY = 1_000;

/** Answers whoever ends what beacons may do. */
@Controller()
export class GrantsResponder {
  constructor(private readonly grants: GrantRepository) {}

  @Answers(BEACONS_REQUESTS.forgetEntity)
  async forgetEntity({ entity_id, before }: { entity_id: string; before: string }): Promise<{ ok: true }> {
    await this.grants.forgetEntity(entity_id, new Date(before));
    return { ok: true };
  }

  @Answers(BEACONS_REQUESTS.endedGrants)
  async ended({ done }: { done: readonly string[] }): Promise<{ grant_ids: readonly string[] }> {
    if (done.length > 0) await this.grants.drop(done);
    return { grant_ids: await this.grants.ended(GRANTS_PER_REPLY) };
  }
}
