import { Logger } from '@nestjs/common';

/** A database that is away is not asked four times a second. */
const FAILURE_PAUSE_MS = 1_000;

/** Runs one piece of work again and again, never twice at a time: `intervalMs` after the last run, at once when there is more. */
export class Ticker {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = true;

  /** `work` answers whether there is more to do. */
  constructor(
    private readonly name: string,
    private readonly intervalMs: number,
    private readonly work: () => Promise<boolean>,
  ) {
    this.logger = new Logger(name);
  }

  start(): void {
    this.stopped = false;
    this.schedule(this.intervalMs);
  }

  /** Runs no more, and waits for a run that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void (this.running = this.run()), delayMs).unref();
  }

  private async run(): Promise<void> {
    try {
      const more = await this.work();
      this.schedule(more ? 0 : this.intervalMs);
    } catch (error) {
      this.logger.warn({ event: 'run_failed', ticker: this.name, error });
      this.schedule(Math.max(this.intervalMs, FAILURE_PAUSE_MS));
    }
  }
}
