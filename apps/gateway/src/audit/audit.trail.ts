import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Principal } from '#libs/auth';
import type { MusterError } from '#libs/contracts';
import { requestIdOf, Ticker } from '#libs/platform';
import { type AuditEntry, isRefusal, mayFlood, toActor } from './audit.entry.js';
import { AuditRepository } from './audit.repository.js';
import { EntryTally } from './entry.tally.js';

const WRITE_EVERY_MS = 1_000;
const BATCH = 500;
/** What waits while the database is away; beyond it the newest are lost, and the log says how many. */
const MOST_WAITING = 50_000;

/** Where a connection comes from and what it was to be. */
export interface ConnectionOrigin {
  readonly action: string;
  readonly address: string;
  readonly userAgent?: string | undefined;
}

export interface RefusedConnection extends ConnectionOrigin {
  readonly error: MusterError;
  /** Whoever proved itself and may not. */
  readonly principal?: Principal | undefined;
}

/**
 * Writes entries down without keeping a request waiting: what comes while a batch is written is the next batch. A batch that
 * fails is tried again, and an orderly end waits for the last one.
 */
@Injectable()
export class AuditTrail implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Audit');
  private readonly tally = new EntryTally();
  private readonly ticker = new Ticker('audit', WRITE_EVERY_MS, () => this.write());
  private waiting: AuditEntry[] = [];
  private lost = 0;

  constructor(private readonly repository: AuditRepository) {}

  onModuleInit(): void {
    this.ticker.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ticker.stop();
    this.take(this.tally.end(Date.now(), true));
    try {
      while (await this.write());
    } catch (error) {
      this.logger.error({ event: 'audit_entries_lost', count: this.waiting.length, error });
    }
  }

  /** Takes a connection that was refused before it became a request, e.g. of a socket. */
  refused({ action, error, address, userAgent, principal }: RefusedConnection): void {
    const { code, status } = error;
    if (!isRefusal(status)) return;
    const at = new Date();
    const who = { ...toActor(principal), entityId: principal?.scope?.entityId ?? null, targets: {} };
    const requestId = requestIdOf(undefined);
    this.record({ at, requestId, ...who, action, status, code, address, userAgent: userAgent ?? null, count: 1 });
  }

  /** Takes one entry. */
  record(entry: AuditEntry): void {
    const now = mayFlood(entry) ? this.tally.add(entry) : entry;
    if (!now) return;
    this.take([now]);
    this.ticker.kick();
  }

  private take(entries: readonly AuditEntry[]): void {
    const room = Math.max(MOST_WAITING - this.waiting.length, 0);
    this.waiting.push(...entries.slice(0, room));
    this.lost += Math.max(entries.length - room, 0);
  }

  /** Writes one batch; answers whether more is waiting. */
  private async write(): Promise<boolean> {
    this.take(this.tally.end());
    const batch = this.waiting.slice(0, BATCH);
    if (batch.length === 0) return false;
    await this.repository.insert(batch);
    this.waiting = this.waiting.slice(batch.length);
    if (this.lost > 0) this.logger.error({ event: 'audit_entries_lost', count: this.lost });
    this.lost = 0;
    return this.waiting.length > 0;
  }
}
