import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { FileBucket } from '#libs/jetstream';
import { Ticker } from '#libs/platform';
import { CacheRepository } from './cache.repository.js';
import { FirmwareSettings } from './firmware.settings.js';
import { ReleaseRepository } from './release.repository.js';
import { ReportRepository } from './report.repository.js';

const MAX_INTERVAL_MS = 600_000;
const REPORTS_AT_ONCE = 1_000;

/** How long things are kept. */
@Injectable()
export class FirmwareRetention {
  readonly orphanAfterMs: number;
  readonly intervalMs: number;

  constructor(
    private readonly reports: ReportRepository,
    private readonly settings: FirmwareSettings,
  ) {
    this.orphanAfterMs = settings.orphanAfterS * 1_000;
    this.intervalMs = Math.min(MAX_INTERVAL_MS, this.orphanAfterMs);
  }

  forgetReports(): Promise<boolean> {
    return this.reports.forget(this.settings.reportRetentionDays, REPORTS_AT_ONCE);
  }
}

/** Drops what nobody needs: expired cached files, objects that no row names, chunks of uploads that were cut off, old reports. */
@Injectable()
export class FirmwareSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker: Ticker;

  constructor(
    private readonly files: FileBucket,
    private readonly releases: ReleaseRepository,
    private readonly caches: CacheRepository,
    private readonly retention: FirmwareRetention,
  ) {
    this.ticker = new Ticker('FirmwareSweeper', retention.intervalMs, () => this.sweep());
  }

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  async sweep(): Promise<boolean> {
    await this.caches.expire();
    const before = new Date(Date.now() - this.retention.orphanAfterMs);
    await this.dropObjects(before);
    await this.dropChunks(before);
    return this.retention.forgetReports();
  }

  /** An object is stored before the row that names it: only old ones can be known to be nobody's. */
  private async dropObjects(before: Date): Promise<void> {
    const old = (await this.files.list()).filter(({ storedAt }) => storedAt < before).map(({ name }) => name);
    const named = await this.releases.named(old);
    for (const name of old) if (!named.has(name)) await this.files.delete(name);
  }

  private async dropChunks(before: Date): Promise<void> {
    for (const chunks of await this.files.looseChunks()) {
      if (chunks.storedAt < before) await this.files.dropChunks(chunks);
    }
  }
}
