import { Logger } from '@nestjs/common';

/**
 * Runs one piece of work again and again, never twice at the same time: every `intervalMs`, and at once when kicked. A
 * failure is logged and the next run comes in its turn.
 */
export class Ticker {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private kicked = false;
  private stopped = true;

  constructor(
    private readonly name: string,
    private readonly intervalMs: number,
    private readonly work: () => Promise<void>,
  ) {
    this.logger = new Logger(name);
  }

  start(): void {
    this.stopped = false;
    this.wait();
  }

  /** Runs now, or once more as soon as the present run is over. */
  kick(): void {
    if (this.stopped) return;
    if (this.running) {
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
    try {
      await this.work();
    } catch (error) {
      this.logger.warn({ event: 'sweep_failed', sweeper: this.name, error });
    } finally {
      this.running = undefined;
      this.wait();
    }
  }

  private wait(): void {
    if (this.stopped) return;
    const delayMs = this.kicked ? 0 : this.intervalMs;
    this.kicked = false;
    this.timer = setTimeout(() => {
      this.running = this.run();
    }, delayMs).unref();
  }
}
