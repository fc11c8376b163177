import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { IdempotencyStore } from './idempotency.store.js';

const EVERY_MS = 60_000;

/** Forgets requests that are over 24 hours old, page by page. */
@Injectable()
export class IdempotencySweep implements OnModuleInit, OnModuleDestroy {
  private readonly ticker: Ticker;

  constructor(store: IdempotencyStore) {
    this.ticker = new Ticker('idempotency-sweep', EVERY_MS, () => store.sweep());
  }

  onModuleInit(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }
}
