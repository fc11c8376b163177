import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Subject, type Observable } from 'rxjs';
import { AuthSettings } from '../auth.settings.js';
import { RevocationRepository } from './revocation.repository.js';

const POLL_EVERY_MS = 1_000;
/** A revocation bears the instant at which its transaction began, and becomes visible when it ends. */
const OVERLAP_MS = 30_000;
const REMEMBERED = 200_000;

/**
 * The log-ins and API keys that ended before their tokens did, on every replica within seconds: an access token is believed
 * without asking the database, so the few that must not be are kept in memory as long as they could be shown.
 */
@Injectable()
export class SessionRevocations implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(SessionRevocations.name);
  private readonly known: LRUCache<string, true>;
  private readonly announced = new Subject<string>();
  private newestAt = new Date(0);
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;

  /** Ids of log-ins and API keys (`Principal.sessionId`) as they end: a socket of theirs must close. */
  readonly revoked$: Observable<string> = this.announced.asObservable();

  constructor(
    private readonly repository: RevocationRepository,
    settings: AuthSettings,
  ) {
    this.known = new LRUCache({ max: REMEMBERED, ttl: settings.longestProofS * 1000 });
  }

  async onModuleInit(): Promise<void> {
    await this.poll();
    this.schedule();
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.announced.complete();
  }

  isRevoked(sessionId: string): boolean {
    return this.known.has(sessionId);
  }

  /** Counts sessions as ended here and now; the other replicas learn it from the table. */
  note(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds.filter((id) => !this.known.has(id))) {
      this.known.set(sessionId, true);
      this.announced.next(sessionId);
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.pollAndGoOn(), POLL_EVERY_MS).unref();
  }

  private async pollAndGoOn(): Promise<void> {
    try {
      await this.poll();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.logger.warn({ event: 'revocations_not_read', error });
      this.isFailing = true;
    }
    if (this.timer !== undefined) this.schedule();
  }

  private async poll(): Promise<void> {
    const rows = await this.repository.since(new Date(this.newestAt.getTime() - OVERLAP_MS));
    this.note(rows.map(({ sessionId }) => sessionId));
    this.newestAt = rows.reduce((newest, { revokedAt }) => (revokedAt > newest ? revokedAt : newest), this.newestAt);
  }
}
