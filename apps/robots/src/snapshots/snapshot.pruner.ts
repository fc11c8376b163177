import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { RobotsSettings } from '../robots.settings.js';
import { HistoryRepository } from './history.repository.js';

const INTERVAL_MS = 3_600_000;
const ROBOTS_PER_PAGE = 200;

/** Keeps the newest snapshots of each robot and forgets the others: once an hour, robot by robot. */
@Injectable()
export class SnapshotPruner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('Snapshots', INTERVAL_MS, () => this.prune());
  /** The last robot that was looked at in this round. */
  private after = '';

  constructor(
    private readonly history: HistoryRepository,
    private readonly settings: RobotsSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Looks at one page of robots; answers whether there are more in this round. */
  async prune(): Promise<boolean> {
    const robotIds = await this.history.robotsAfter(this.after, ROBOTS_PER_PAGE);
    await this.history.keepNewest(robotIds, this.settings.snapshotsKept);
    const isPageFull = robotIds.length === ROBOTS_PER_PAGE;
    this.after = isPageFull ? (robotIds.at(-1) ?? '') : '';
    return isPageFull;
  }
}
