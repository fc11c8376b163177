import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { CommandRepository } from './heartbeats/command.repository.js';

const INTERVAL_MS = 600_000;
/** How long a command stays to be looked at after it expired. */
const KEPT_MS = 7 * 86_400_000;

/** Forgets what was to be told to beacons long ago. */
@Injectable()
export class DevicesHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('BeaconCommands', INTERVAL_MS, () => this.prune());

  constructor(private readonly commands: CommandRepository) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  private async prune(): Promise<boolean> {
    await this.commands.prune(new Date(Date.now() - KEPT_MS));
    return false;
  }
}
