import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Outbox } from '#libs/outbox';
import { Ticker } from '#libs/platform';
import { PresenceRepository } from './presence.repository.js';
import { PresenceSettings } from './presence.settings.js';

const SWEEP_MS = 1_000;
const BATCH = 500;

/** Declares silent orchestrators offline; who speaks is made online where its heartbeat is stored. */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('OrchestratorPresence', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly presence: PresenceRepository,
    private readonly outbox: Outbox,
    private readonly settings: PresenceSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async sweep(): Promise<boolean> {
    const hearing = await this.presence.hearing();
    if (!hearing) return false;
    const moved = await this.presence.moveGone(hearing, this.settings.missedHeartbeats, BATCH);
    if (moved > 0) this.outbox.kick();
    return moved === BATCH;
  }
}
