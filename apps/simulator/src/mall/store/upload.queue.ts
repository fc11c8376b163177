import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { SealedFiles } from './sealed.file.js';

/** A report that waits to be uploaded; the id is its idempotency key. */
export interface QueuedReport {
  readonly id: string;
  readonly type: string;
  readonly body: object;
}

/** Sends reports; answers the ids of those that need not be sent again, also where the platform refused them for good. */
export type Upload = (reports: readonly QueuedReport[]) => Promise<readonly string[]>;

/** How many go up in one request (orchestrators.txt, appendix C). */
export const BATCH_SIZE = 100;
/** What a mall says in days; the oldest gives way, so that a long outage ends in an orderly loss and not in a full disk. */
const MAX_QUEUED = 100_000;
const FILE = 'queue';

const Kept = Compile(
  Type.Array(Type.Object({ id: Type.String(), type: Type.String(), body: Type.Record(Type.String(), Type.Unknown()) })),
);

/** Reports in the order in which they were made, kept over restarts, uploaded in batches. */
export class UploadQueue {
  private waiting: QueuedReport[];
  private flushing: Promise<void> | undefined;
  private lost = 0;

  constructor(
    private readonly files: SealedFiles,
    private readonly upload: Upload,
  ) {
    const kept = files.read(FILE);
    this.waiting = Kept.Check(kept) ? kept : [];
  }

  get size(): number {
    return this.waiting.length;
  }

  /** How many gave way. */
  get lostCount(): number {
    return this.lost;
  }

  add(report: QueuedReport): void {
    this.waiting.push(report);
    if (this.waiting.length > MAX_QUEUED) {
      this.waiting.shift();
      this.lost++;
    }
    this.keep();
  }

  /** Uploads everything batch by batch; what failed stays, so that the next flush goes on behind the last good batch. */
  flush(): Promise<void> {
    this.flushing ??= this.flushAll().finally(() => {
      this.flushing = undefined;
    });
    return this.flushing;
  }

  private async flushAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH_SIZE);
      const done = new Set(await this.upload(batch));
      if (done.size === 0) return;
      this.waiting = this.waiting.filter(({ id }) => !done.has(id));
      this.keep();
    }
  }

  private keep(): void {
    this.files.write(FILE, this.waiting);
  }
}
