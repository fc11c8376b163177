import { MusterError } from '#libs/contracts';
import { countBatch, observeQueue } from './micro-batch.metrics.js';
import { isDataError } from './sql-state.js';

/** How calls are collected. */
export interface MicroBatchOptions<T, R> {
  /** Label of the metrics and name in errors, e.g. `command_inserts`. */
  readonly name: string;
  /** Handles one batch; answers one outcome per item, in order. An `Error` among them fails that caller alone. */
  readonly run: (items: readonly T[]) => Promise<readonly (R | Error)[]>;
  /** Items per batch at most; 500 unless told. */
  readonly maxSize?: number;
  /** An item waits this long for company; 2 unless told. */
  readonly maxWaitMs?: number;
  /** Batches running at once; 2 unless told. */
  readonly maxConcurrency?: number;
  /** Items waiting at most, then `add` is refused as OVERLOADED; 10,000 unless told. */
  readonly maxQueued?: number;
  /** Whether a failed batch is halved and run again, so that a bad item fails alone; {@link isDataError} unless told. */
  readonly splitOn?: (error: unknown) => boolean;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly queuedAt: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

const DEFAULTS = { maxSize: 500, maxWaitMs: 2, maxConcurrency: 2, maxQueued: 10_000, splitOn: isDataError } as const;

/**
 * Group commit: many callers, one statement. Calls are collected for at most `maxWaitMs` or `maxSize`, run together, and
 * each caller gets its own result or error. The batch runs in one transaction of its own, so a caller that was answered
 * is durable.
 */
export class MicroBatch<T, R> {
  private readonly options: Required<MicroBatchOptions<T, R>>;
  private waiting: Waiting<T, R>[] = [];
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: MicroBatchOptions<T, R>) {
    this.options = { ...DEFAULTS, ...options };
    observeQueue(this.options.name, () => this.waiting.length);
  }

  /**
   * Queues one item and answers its own result.
   * @throws MusterError OVERLOADED when the queue is full, SERVICE_UNAVAILABLE after {@link close}.
   */
  add(item: T): Promise<R> {
    const { name, maxQueued } = this.options;
    if (this.closed) {
      return Promise.reject(new MusterError('SERVICE_UNAVAILABLE', `${name} is shutting down; try another replica`));
    }
    if (this.waiting.length >= maxQueued) {
      const message = `${name} has ${String(maxQueued)} items waiting; try again with back-off`;
      return Promise.reject(new MusterError('OVERLOADED', message, { queue: name, maxQueued }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, queuedAt: performance.now(), resolve, reject });
      this.schedule();
    });
  }

  /** Refuses new items, runs what waits, and returns when the last batch is over. Call it before the database closes. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.waiting.length > 0 || this.running.size > 0) {
      this.schedule();
      await Promise.race(this.running);
    }
  }

  private schedule(): void {
    const { maxSize, maxWaitMs, maxConcurrency } = this.options;
    const oldest = this.waiting[0];
    if (oldest === undefined || this.running.size >= maxConcurrency) {
      return;
    }
    const waitMs = maxWaitMs - (performance.now() - oldest.queuedAt);
    if (this.closed || this.waiting.length >= maxSize || waitMs <= 0) {
      this.start();
    } else {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.schedule();
      }, waitMs);
    }
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.waiting.splice(0, this.options.maxSize);
    countBatch(this.options.name, batch.length);
    const done: Promise<void> = this.settle(batch).finally(() => {
      this.running.delete(done);
      this.schedule();
    });
    this.running.add(done);
    this.schedule();
  }

  private async settle(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const outcomes = await this.options.run(batch.map(({ item }) => item));
      this.hand(batch, outcomes);
    } catch (error) {
      await this.fail(batch, error);
    }
  }

  private hand(batch: readonly Waiting<T, R>[], outcomes: readonly (R | Error)[]): void {
    if (outcomes.length !== batch.length) {
      throw new TypeError(
        `${this.options.name}: ${String(outcomes.length)} outcomes for ${String(batch.length)} items`,
      );
    }
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof Error) {
        batch[index]?.reject(outcome);
      } else {
        batch[index]?.resolve(outcome);
      }
    }
  }

  private async fail(batch: readonly Waiting<T, R>[], error: unknown): Promise<void> {
    if (batch.length > 1 && this.options.splitOn(error)) {
      const middle = Math.ceil(batch.length / 2);
      await this.settle(batch.slice(0, middle));
      await this.settle(batch.slice(middle));
      return;
    }
    for (const { reject } of batch) {
      reject(error);
    }
  }
}
