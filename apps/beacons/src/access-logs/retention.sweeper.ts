import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { AccessLogsSettings } from './access-logs.settings.js';
import { firstKeptMonth } from './month.calendar.js';
import { PartitionRepository } from './partition.repository.js';
import { RetentionRepository } from './retention.repository.js';

const INTERVAL_MS = 3_600_000;
const PAGE = 5_000;
const DAY_MS = 86_400_000;

/** Drops months of access logs that are wholly older than the retention, and what belongs to them. */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AccessLogs');
  private readonly ticker = new Ticker('AccessLogRetention', INTERVAL_MS, () => this.prune(new Date()));

  constructor(
    private readonly partitions: PartitionRepository,
    private readonly retention: RetentionRepository,
    private readonly settings: AccessLogsSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Answers whether there may be more. */
  async prune(now: Date): Promise<boolean> {
    const { retentionDays } = this.settings;
    const months = await this.partitions.dropBefore(firstKeptMonth(now.getTime(), retentionDays));
    if (months.length > 0) this.logger.log({ event: 'access_logs_dropped', months });
    return this.retention.prune(new Date(now.getTime() - retentionDays * DAY_MS), PAGE);
  }
}
