import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ENTITIES_REQUESTS, type EntityDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { Outbox } from '#libs/outbox';
import { Ticker } from '#libs/platform';
import { type Announcement, AnnouncementRepository } from './announcement.repository.js';
import { FirmwareSettings } from './firmware.settings.js';

const INTERVAL_MS = 5_000;
const ENTITIES_PER_PAGE = 100;

/**
 * Tells every entity's orchestrator of a release, once: page by page of the entities, each page's events and the place in the
 * list in one transaction. After a crash it goes on there.
 */
@Injectable()
export class Announcer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ticker = new Ticker('Announcer', INTERVAL_MS, () => this.announce());

  constructor(
    private readonly announcements: AnnouncementRepository,
    private readonly rpc: RpcClient,
    private readonly outbox: Outbox,
    private readonly settings: FirmwareSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
    this.ticker.kick();
  }

  async onModuleDestroy(): Promise<void> {
    await this.ticker.stop();
  }

  /** Has a release announced once the transaction is committed; then `kick()`. */
  order(tx: EntityManager, firmwareId: string, publicUrl: string): Promise<void> {
    return this.announcements.order(tx, firmwareId, publicUrl);
  }

  kick(): void {
    this.ticker.kick();
  }

  /** One page of the oldest announcement; answers whether there is more to do. */
  async announce(): Promise<boolean> {
    const announcement = await this.announcements.oldest();
    if (!announcement) return false;
    const page = await this.page(announcement);
    await this.announcements.tell(announcement, page, this.settings.cdnUrl);
    this.outbox.kick();
    return true;
  }

  /** Entities that came later are not told of it: they read what is newest when they begin. */
  private async page({ position, createdAt }: Announcement): Promise<{ entityIds: string[]; next: string | null }> {
    const paging = { limit: ENTITIES_PER_PAGE, ...(position === null ? {} : { after: position }) };
    const { entities, next } = await this.rpc.ask(ENTITIES_REQUESTS.list, paging);
    const wasThere = ({ created_at }: EntityDto): boolean => Date.parse(created_at) <= createdAt.getTime();
    return { entityIds: entities.filter(wasThere).map(({ entity_id }) => entity_id), next };
  }
}
