import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Ticker } from '#libs/platform';
import { EntitiesSettings } from '../entities/entities.settings.js';
import { HistoryRepository } from './history.repository.js';

const INTERVAL_MS = 3_600_000;
const ENTITIES_AT_ONCE = 100;
const VERSIONS_AT_ONCE = 1_000;

/** Forgets the history of records after ENTITY_HISTORY_DAYS: once an hour, entity by entity, a page at a time. */
@Injectable()
export class HistorySweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('History', INTERVAL_MS, () => this.sweep());
  /** The last entity that was looked at in this round. */
  private after = '';

  constructor(
    private readonly history: HistoryRepository,
    private readonly settings: EntitiesSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Looks at one page of entities; answers whether there are more in this round. */
  async sweep(): Promise<boolean> {
    const entityIds = await this.history.entitiesAfter(this.after, ENTITIES_AT_ONCE);
    for (const entityId of entityIds) await this.forgetOf(entityId);
    const isPageFull = entityIds.length === ENTITIES_AT_ONCE;
    this.after = isPageFull ? (entityIds.at(-1) ?? '') : '';
    return isPageFull;
  }

  private async forgetOf(entityId: string): Promise<void> {
    while (await this.history.forget(entityId, this.settings.historyDays, VERSIONS_AT_ONCE));
  }
}
