import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { RolledFirmware, RolloutStarter } from './rollout.gate.js';
import { STRATEGY_PLANS } from './rollout.plan.js';
import { insertRollout } from './rollout.repository.js';
import { RolloutSweeper } from './rollout.sweeper.js';

const PLATFORM = 'muster';
const ID_HEX_CHARS = 12;

/** Begins the rollout that a release asks for by its strategy; publishing it twice begins one. */
@Injectable()
export class ReleaseRollouts implements RolloutStarter {
  constructor(private readonly sweeper: RolloutSweeper) {}

  async start(tx: EntityManager, { firmwareId, strategy }: RolledFirmware): Promise<string | null> {
    if (strategy === 'all') return null;
    const rolloutId = rolloutIdOf(`release ${firmwareId}`);
    await insertRollout(tx, {
      rolloutId,
      firmwareId,
      planJson: STRATEGY_PLANS[strategy],
      entityIds: null,
      createdBy: PLATFORM,
      requestKey: `release ${firmwareId}`,
    });
    this.sweeper.kick();
    return rolloutId;
  }
}

/** An id that is the same for the same request. */
export function rolloutIdOf(request: string): string {
  return `rollout-${createHash('sha256').update(request).digest('hex').slice(0, ID_HEX_CHARS)}`;
}
