import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { AckRepository } from './ack.repository.js';
import { ConfigurationKeyRepository } from './configuration-key.repository.js';

const INTERVAL_MS = 3_600_000;
/** Events themselves are gone after two days. */
const KEPT_DAYS = 7;
const AT_ONCE = 10_000;

/** Forgets acknowledgements of events that nobody can ask for any more, and keys that count no more. */
@Injectable()
export class AckPruner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('EventAcks', INTERVAL_MS, () => this.prune());

  constructor(
    private readonly acks: AckRepository,
    private readonly keys: ConfigurationKeyRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Answers whether there are more. */
  async prune(): Promise<boolean> {
    await this.keys.forget();
    return (await this.acks.forget(KEPT_DAYS, AT_ONCE)) === AT_ONCE;
  }
}
