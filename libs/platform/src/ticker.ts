import { Logger } from '@nestjs/common';

/** What is away is not asked many times a second. */
const FAILURE_PAUSE_MS = 1_000;

/**
 * Runs one piece of work again and again, never twice at the same time: `intervalMs` after the last run, and at once when it
 * is kicked or the work says that there is more. A failure is logged, and the next run comes after a pause.
 */
export class Ticker {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isRunning = false;
  private kicked = false;
  private stopped = true;

  constructor(
    private readonly name: string,
    private readonly intervalMs: number,
    /** Answers whether there is more to do at once. */
    private readonly work: () => Promise<boolean>,
  ) {
    this.logger = new Logger(name);
  }

  /** Begins; the first run comes after an interval. */
  start(): void {
    this.stopped = false;
    this.wait(this.intervalMs);
  }

  /** Runs now, or once more as soon as the present run is over; nothing before `start()` and after `stop()`. */
  kick(): void {
    if (this.stopped) return;
    if (this.isRunning) {
      this.kicked = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = this.run();
  }

  /** Runs no more, and waits for a run that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    const delayMs = await this.attempt();
    this.isRunning = false;
    this.wait(delayMs);
  }

  /** Answers how long to wait until the next run. */
  private async attempt(): Promise<number> {
    this.kicked = false;
    try {
      const more = await this.work();
      return more || this.kicked ? 0 : this.intervalMs;
    } catch (error) {
      this.logger.warn({ event: 'tick_failed', ticker: this.name, error });
      return Math.max(this.intervalMs, FAILURE_PAUSE_MS);
    }
  }

  private wait(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, delayMs).unref();
  }
}
