import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RobotReportDto } from '#libs/contracts';
import { IdentityFeed, type IdentityListener } from './identity.feed.js';
import { IdentityRepository } from './identity.repository.js';

const MAX_CACHED_BYTES = 32 * 1024 * 1024;

/** Newest identities in memory, for as long as changes by any replica are sure to be heard (ROB-020). */
@Injectable()
export class IdentityReader implements IdentityListener {
  /** Keyed by robot id. */
  private readonly cache = new LRUCache<string, RobotReportDto>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: (report) => JSON.stringify(report).length,
  });
  /** Counts changes, so that what was read before one is not kept after it. */
  private changes = 0;

  constructor(
    private readonly identities: IdentityRepository,
    private readonly feed: IdentityFeed,
  ) {
    feed.listen(this);
  }

  async latest(robotId: string): Promise<RobotReportDto | undefined> {
    const known = this.cache.get(robotId);
    if (known) return known;
    const before = this.changes;
    const report = await this.identities.latest(robotId);
    if (report && this.feed.isLive && before === this.changes) this.cache.set(robotId, report);
    return report;
  }

  changed(robotId: string): void {
    this.changes++;
    this.cache.delete(robotId);
  }

  interrupted(): void {
    this.changes++;
    this.cache.clear();
  }
}
