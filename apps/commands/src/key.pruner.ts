import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { AcceptRepository } from './accept.repository.js';

const KEPT_MS = 24 * 3_600_000;
const INTERVAL_MS = 600_000;
const PAGE = 5_000;

/** Forgets idempotency keys after a day (decision C35). */
@Injectable()
export class KeyPruner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('KeyPruner', INTERVAL_MS, () => this.prune(new Date()));

  constructor(private readonly repository: AcceptRepository) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Forgets one page of old keys; answers whether there may be more. */
  async prune(now: Date): Promise<boolean> {
    return (await this.repository.pruneKeys(new Date(now.getTime() - KEPT_MS), PAGE)) === PAGE;
  }
}
