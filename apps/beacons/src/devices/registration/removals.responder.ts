import { Controller } from '@nestjs/common';
import { BEACONS_REQUESTS } from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { notRegistered } from '../device.errors.js';
import { GrantRepository } from './grant.repository.js';
import { RemovalRepository } from './removal.repository.js';

/** Fits one reply many times. */
const GRANTS_PER_REPLY = 1_000;

/** Answers whoever ends what beacons may do. */
@Controller()
export class RemovalsResponder {
  constructor(
    private readonly grants: GrantRepository,
    private readonly removals: RemovalRepository,
  ) {}

  /** The beacon may register anew, as a new one. @throws MusterError `BEACON_NOT_REGISTERED` */
  @Answers(BEACONS_REQUESTS.remove)
  async remove({ entity_id, beacon_id }: { entity_id: string; beacon_id: string }): Promise<{ ok: true }> {
    const key = { entityId: entity_id, beaconId: beacon_id };
    if (!(await this.removals.removeDevice(key))) throw notRegistered(key);
    return { ok: true };
  }

  @Answers(BEACONS_REQUESTS.forgetEntity)
  async forgetEntity({ entity_id, before }: { entity_id: string; before: string }): Promise<{ ok: true }> {
    await this.removals.forgetEntity(entity_id, new Date(before));
    return { ok: true };
  }

  @Answers(BEACONS_REQUESTS.endedGrants)
  async ended({ done }: { done: readonly string[] }): Promise<{ grant_ids: readonly string[] }> {
    if (done.length > 0) await this.grants.drop(done);
    return { grant_ids: await this.grants.ended(GRANTS_PER_REPLY) };
  }
}
