import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { LedgerRepository } from './ledger.repository.js';
import { RetentionRepository } from './retention.repository.js';
import { TasksSettings } from './tasks.settings.js';

const DAY_MS = 86_400_000;
const PRUNE_INTERVAL_MS = 600_000;
const PAGE = 500;

/** Calls off tasks that wait past their deadline, and forgets tasks that are over when they are old enough. */
@Injectable()
export class TaskSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly tickers: readonly Ticker[];

  constructor(
    private readonly ledger: LedgerRepository,
    private readonly retention: RetentionRepository,
    private readonly settings: TasksSettings,
  ) {
    this.tickers = [
      new Ticker('TaskDeadlines', settings.sweepIntervalMs, () => this.expire(new Date())),
      new Ticker('TaskRetention', PRUNE_INTERVAL_MS, () => this.prune(new Date())),
    ];
  }

  onApplicationBootstrap(): void {
    for (const ticker of this.tickers) ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.tickers.map((ticker) => ticker.stop()));
  }

  /** Works off one page; answers whether there may be more. */
  async expire(now: Date): Promise<boolean> {
    return (await this.ledger.expire(now, PAGE)) === PAGE;
  }

  /** Forgets one page of each; answers whether there may be more. */
  async prune(now: Date): Promise<boolean> {
    const oldest = new Date(now.getTime() - this.settings.retentionDays * DAY_MS);
    const tasks = await this.retention.pruneTasks(oldest, PAGE);
    const keys = await this.retention.pruneKeys(new Date(now.getTime() - DAY_MS), PAGE);
    return tasks === PAGE || keys === PAGE;
  }
}
