import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Outbox } from '#libs/outbox';
import { Ticker } from '#libs/platform';
import { enqueue } from '../orchestrators.outbox.js';
import { SumRepository } from '../sync/sum.repository.js';
import { type Announcement, AnnouncementRepository } from './announcement.repository.js';
import { messagesOf } from './announcement.messages.js';

const SWEEP_MS = 1_000;
const BATCH = 20;
const OTHER_REPLICA_DELAY_MS = 25;

/**
 * Tells what was committed, with the checksum that holds after it: at once, and later what a crash left behind. The sum is
 * computed here and not by the writer, who would hold the entity meanwhile.
 */
@Injectable()
export class Announcer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Announcements');
  private readonly ticker = new Ticker('Announcements', SWEEP_MS, () => this.sweep());

  constructor(
    private readonly announcements: AnnouncementRepository,
    private readonly sums: SumRepository,
    private readonly outbox: Outbox,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** To be called after a commit that wrote an announcement. */
  kick(): void {
    this.ticker.kick();
  }

  /** Entities take turns, a batch each; answers whether there is more. */
  private async sweep(): Promise<boolean> {
    let hasMore = false;
    for (const entityId of await this.announcements.waiting()) {
      const told = await this.tellOf(entityId);
      if (told === BATCH) hasMore = true;
    }
    return hasMore;
  }

  /** What fails for one entity is tried again later and keeps nobody else waiting. */
  private async tellOf(entityId: string): Promise<number> {
    try {
      const told = await this.announcements.take(entityId, BATCH, (tx, those) => this.tell(tx, those));
      // Another replica may have looked before our commit: look again when it is done.
      if (told === undefined) setTimeout(() => this.ticker.kick(), OTHER_REPLICA_DELAY_MS).unref();
      if (told) this.outbox.kick();
      return told ?? 0;
    } catch (error) {
      this.logger.warn({ event: 'announcement_failed', entity_id: entityId, error });
      return 0;
    }
  }

  private async tell(tx: EntityManager, announcements: readonly Announcement[]): Promise<void> {
    for (const announcement of announcements) {
      const { global } = await this.sums.globalAt(announcement.entityId, announcement.seq);
      await enqueue(tx, messagesOf(announcement, global));
    }
  }
}
