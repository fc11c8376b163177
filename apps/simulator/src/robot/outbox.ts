import type { Clock, StopTimer } from '../clock.js';
import type { OutgoingMessage } from './envelope.js';

export interface OutboxOptions {
  /** How many messages may wait; one more drops the oldest. */
  readonly capacity: number;
  /** Resolves when the broker has stored the message; rejects when that is not certain. */
  readonly send: (message: OutgoingMessage) => Promise<void>;
  readonly clock: Clock;
  /** Called once per message that was not stored at the first try. */
  readonly onRetry?: (message: OutgoingMessage, error: unknown) => void;
}

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;

/** Sends one message after the other and each until it is stored, always with the same id. */
export class Outbox {
  storedCount = 0;
  droppedCount = 0;
  retriedCount = 0;
  private readonly waiting: OutgoingMessage[] = [];
  private running = false;
  private closed = false;
  private wakeUp: (() => void) | undefined;
  private settled: (() => void)[] = [];

  constructor(private readonly options: OutboxOptions) {}

  get size(): number {
    return this.waiting.length + (this.running ? 1 : 0);
  }

  put(message: OutgoingMessage): void {
    if (this.closed) return;
    this.waiting.push(message);
    if (this.waiting.length > this.options.capacity) {
      this.waiting.shift();
      this.droppedCount++;
    }
    if (!this.running) void this.run();
  }

  /** Ends the pause after a failure: the way is free again. */
  wake(): void {
    this.wakeUp?.();
  }

  /** Resolves when nothing waits any more, or the outbox is closed. */
  async empty(): Promise<void> {
    if (this.running) await new Promise<void>((resolve) => this.settled.push(resolve));
  }

  /** Gives up on whatever still waits. */
  close(): void {
    this.closed = true;
    this.waiting.length = 0;
    this.wake();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift())
      await this.sendUntilStored(next);
    this.running = false;
    for (const done of this.settled.splice(0)) done();
  }

  private async sendUntilStored(message: OutgoingMessage): Promise<void> {
    for (let failures = 0; !this.closed; failures++) {
      try {
        await this.options.send(message);
        this.storedCount++;
        return;
      } catch (error) {
        this.retriedCount++;
        if (failures === 0) this.options.onRetry?.(message, error);
        await this.pause(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures));
      }
    }
  }

  private async pause(delayMs: number): Promise<void> {
    if (this.closed) return;
    let stop: StopTimer = () => undefined;
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      stop = this.options.clock.after(delayMs, resolve);
    });
    stop();
    this.wakeUp = undefined;
  }
}
