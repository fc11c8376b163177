import { Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram, register } from 'prom-client';
import type { Principal } from '#libs/auth';
import { currentLogFields } from '#libs/jetstream';

type SyncKind = 'full' | 'delta';

const MS_PER_SECOND = 1_000;

const bytesSent = new Counter({
  name: 'muster_sync_bytes_total',
  help: 'Bytes of synchronized data sent to orchestrators; its rate is the throughput',
  labelNames: ['kind'],
  registers: [register],
});

const durations = new Histogram({
  name: 'muster_sync_duration_seconds',
  help: 'Time from the request to the last byte handed over, of syncs that were completed',
  labelNames: ['kind'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  registers: [register],
});

/** A body piece by piece, and how many records are in it. */
export interface SyncBody {
  readonly text: AsyncIterable<string>;
  readonly records: number;
  readonly whenRead?: () => Promise<void>;
}

/** One sync at work. */
export class SyncRecord {
  private readonly startedAt = performance.now();
  /** A stream goes on outside the request's context. */
  private readonly fields = currentLogFields();
  private bytes = 0;

  constructor(
    private readonly kind: SyncKind,
    private readonly principal: Principal,
    private readonly logger: Logger,
  ) {}

  sent(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.bytes += bytes;
    bytesSent.inc({ kind: this.kind }, bytes);
  }

  completed(recordsSynced: number): void {
    const durationMs = performance.now() - this.startedAt;
    durations.observe({ kind: this.kind }, durationMs / MS_PER_SECOND);
    const line = { recordsSynced, durationMs: Math.round(durationMs), bytes: this.bytes };
    this.logger.log({ ...this.about('data_sync_completed'), ...line });
  }

  /** To be called for what breaks a stream: no filter sees it. */
  failed(error: unknown): void {
    this.logger.warn({ ...this.about('data_sync_failed'), error });
  }

  private about(event: string): object {
    const { id, scope } = this.principal;
    return { ...this.fields, event, kind: this.kind, orchestratorId: id, entityId: scope?.entityId };
  }
}

/** Counts and logs syncs (orchestrators.txt 10.1, 10.2). */
@Injectable()
export class SyncJournal {
  private readonly logger = new Logger('Sync');

  begin(kind: SyncKind, principal: Principal): SyncRecord {
    return new SyncRecord(kind, principal, this.logger);
  }

  /**
   * Passes a body on and notes how it went; a client that goes away ends it without a note. `whenRead` runs before the body
   * ends: who has read all of it finds it done.
   */
  async *follow(record: SyncRecord, body: SyncBody): AsyncGenerator<string> {
    try {
      for await (const piece of body.text) {
        record.sent(piece);
        yield piece;
      }
      await body.whenRead?.();
      record.completed(body.records);
    } catch (error) {
      record.failed(error);
      throw error;
    }
  }
}
