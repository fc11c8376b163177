import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { AuditRepository } from './audit.repository.js';
import { AuditSettings } from './audit.settings.js';

const EVERY_MS = 3_600_000;
const PAGE = 5_000;

/** Forgets entries when their time is over. */
@Injectable()
export class AuditSweep implements OnModuleInit, OnModuleDestroy {
  private readonly ticker: Ticker;

  constructor(repository: AuditRepository, { retentionDays }: AuditSettings) {
    this.ticker = new Ticker('audit-sweep', EVERY_MS, async () => {
      return (await repository.sweep(retentionDays, PAGE)) === PAGE;
    });
  }

  onModuleInit(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }
}
