import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { RegistrationTraces } from './registration.traces.js';

const EVERY_MS = 600_000;
const BATCH = 1_000;

/** Forgets what registrations leave behind, when it can do no harm any more; replicas do it side by side. */
@Injectable()
export class RegistrationSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('RegistrationTraces', EVERY_MS, () => this.traces.forget(BATCH));

  constructor(private readonly traces: RegistrationTraces) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }
}
