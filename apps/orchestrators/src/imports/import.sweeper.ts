import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { EntitiesSettings } from '../entities/entities.settings.js';
import { ImportRepository } from './import.repository.js';

const SWEEP_MS = 30_000;
/** The gateway gives up on a silent client much sooner. */
const SILENT_S = 180;
const ROWS_AT_ONCE = 5_000;

/** Marks imports whose gateway died, and forgets old reports. */
@Injectable()
export class ImportSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('Imports', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly imports: ImportRepository,
    private readonly settings: EntitiesSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Answers whether there may be more to forget. */
  async sweep(): Promise<boolean> {
    await this.imports.interruptSilent(SILENT_S);
    return this.imports.forget(this.settings.importReportDays, ROWS_AT_ONCE);
  }
}
