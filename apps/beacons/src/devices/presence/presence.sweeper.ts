import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Outbox } from '#libs/outbox';
import { Ticker } from '#libs/platform';
import { DevicesSettings } from '../devices.settings.js';
import { offlineAfterMs, silentSince } from './presence.policy.js';
import { PresenceRepository } from './presence.repository.js';

const MAX_SWEEP_MS = 15_000;
const SWEEPS_PER_TIMEOUT = 10;
const BATCH = 500;

/** Declares silent beacons offline; who speaks is made online where the heartbeat is stored. */
@Injectable()
export class PresenceSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker: Ticker;
  private readonly timeoutMs: number;

  constructor(
    private readonly presence: PresenceRepository,
    private readonly outbox: Outbox,
    { heartbeatSeconds, offlinePercent }: DevicesSettings,
  ) {
    this.timeoutMs = offlineAfterMs(heartbeatSeconds, offlinePercent);
    const intervalMs = Math.min(MAX_SWEEP_MS, this.timeoutMs / SWEEPS_PER_TIMEOUT);
    this.ticker = new Ticker('BeaconPresence', intervalMs, () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async sweep(): Promise<boolean> {
    const hearing = await this.presence.hearing();
    const since = hearing ? silentSince(hearing, this.timeoutMs) : null;
    if (since === null) return false;
    const moved = await this.presence.moveSilent(since, BATCH);
    if (moved > 0) this.outbox.kick();
    return moved === BATCH;
  }
}
