import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { Outbox } from '#libs/outbox';
import { RobotsSettings } from '../robots.settings.js';
import { Ears } from './ears.js';
import { silenceLimits } from './presence.policy.js';
import { PresenceRepository } from './presence.repository.js';

const MAX_SWEEP_MS = 1_000;
const SWEEPS_PER_TIMEOUT = 10;
const BATCH = 500;

/** Declares silent robots stale, then offline; who speaks is made online where the message is stored. */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker: Ticker;

  constructor(
    private readonly ears: Ears,
    private readonly presence: PresenceRepository,
    private readonly outbox: Outbox,
    private readonly settings: RobotsSettings,
  ) {
    const intervalMs = Math.min(MAX_SWEEP_MS, settings.staleAfterMs / SWEEPS_PER_TIMEOUT);
    this.ticker = new Ticker('Presence', intervalMs, () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async sweep(): Promise<boolean> {
    const hearing = await this.ears.listen();
    if (!hearing) return false;
    const limits = silenceLimits(hearing, this.settings);
    if (limits.staleBefore === null) return false;
    const moved = (await this.presence.moveSilent(limits, BATCH)).length;
    if (moved > 0) this.outbox.kick();
    return moved === BATCH;
  }
}
