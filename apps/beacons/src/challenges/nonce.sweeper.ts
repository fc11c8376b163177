import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CHALLENGE_LIFE_S } from '#libs/contracts';
import { Ticker } from '#libs/platform';
import { ChallengeRepository } from './challenge.repository.js';

const INTERVAL_MS = 60_000;
/** Clocks of database and service may differ. */
const KEPT_MS = 10 * CHALLENGE_LIFE_S * 1_000;

/** Forgets used nonces that are too old to be shown again. */
@Injectable()
export class NonceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('BeaconNonces', INTERVAL_MS, () => this.prune());

  constructor(private readonly challenges: ChallengeRepository) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async prune(): Promise<boolean> {
    await this.challenges.forgetUsed(new Date(Date.now() - KEPT_MS));
    return false;
  }
}
