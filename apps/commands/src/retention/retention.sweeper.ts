import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { CommandsSettings } from '../commands.settings.js';
import { RetentionRepository } from './retention.repository.js';

const DAY_MS = 86_400_000;
const KEYS_KEPT_MS = DAY_MS;
const INTERVAL_MS = 600_000;
const PAGE = 1_000;

/** Forgets idempotency keys after a day (decision C35), and commands that are over when they are old enough. */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('Retention', INTERVAL_MS, () => this.prune(new Date()));

  constructor(
    private readonly retention: RetentionRepository,
    private readonly settings: CommandsSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Forgets one page of each; answers whether there may be more. */
  async prune(now: Date): Promise<boolean> {
    const oldest = new Date(now.getTime() - this.settings.retentionDays * DAY_MS);
    const keys = await this.retention.pruneKeys(new Date(now.getTime() - KEYS_KEPT_MS), PAGE);
    const commands = await this.retention.pruneCommands(oldest, PAGE);
    const batches = await this.retention.pruneBatches(oldest, PAGE);
    return [keys, commands, batches].includes(PAGE);
  }
}
