import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TimeSeriesService } from './time-series.service.js';

const PERIOD_MS = 3_600_000;

/** Readies the time series before the first message, and once an hour from then on. */
@Injectable()
export class TimeSeriesHousekeeping implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('TimeSeries');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly timeSeries: TimeSeriesService) {}

  async onModuleInit(): Promise<void> {
    await this.timeSeries.adopt();
    await this.timeSeries.makeAhead(new Date());
    this.sweep();
    this.timer = setInterval(() => this.sweep(), PERIOD_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private sweep(): void {
    this.running = this.tidy(new Date()).catch((error: unknown) =>
      this.logger.warn({ event: 'time_series_sweep_failed', message: 'it is tried again within the hour', error }),
    );
  }

  private async tidy(now: Date): Promise<void> {
    await this.timeSeries.makeAhead(now);
    await this.timeSeries.dropExpired(now);
  }
}
