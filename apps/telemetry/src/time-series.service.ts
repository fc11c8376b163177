import { Injectable, Logger } from '@nestjs/common';
import { HypertableRepository } from './hypertable.repository.js';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { type Day, dayOf, daysFrom, firstKeptDay } from './partition.calendar.js';
import { PartitionRepository } from './partition.repository.js';
import { TelemetrySettings } from './telemetry.settings.js';

const DAYS_AHEAD = 8;

/** Where samples can be stored: daily partitions, or TimescaleDB's own chunks where the server has the extension. */
@Injectable()
export class TimeSeriesService {
  private readonly logger = new Logger('TimeSeries');
  private isHypertable = false;

  constructor(
    private readonly settings: TelemetrySettings,
    private readonly partitions: PartitionRepository,
    private readonly hypertable: HypertableRepository,
    private readonly latest: LatestSampleRepository,
  ) {}

  /** Turns the table into a hypertable where that is possible; without TimescaleDB it does nothing (ROB-039). */
  async adopt(): Promise<void> {
    try {
      if (!(await this.hypertable.install())) return;
      await this.hypertable.convert();
      this.isHypertable = true;
      this.logger.log({ event: 'hypertable_in_use' });
    } catch (error) {
      this.logger.warn({ event: 'hypertable_refused', message: 'daily partitions are used instead', error });
    }
  }

  /** Makes today's partition and those of the coming week. */
  async makeAhead(now: Date): Promise<void> {
    await this.ensure(daysFrom(dayOf(now), DAYS_AHEAD));
  }

  /** Makes the partitions of these days, however long ago they were. */
  async ensure(days: readonly Day[]): Promise<void> {
    if (!this.isHypertable) await this.partitions.ensure(days);
  }

  /** To be called when a partition turned out to be gone. */
  forget(): void {
    this.partitions.forget();
  }

  /** Drops what is older than the retention. */
  async dropExpired(now: Date): Promise<void> {
    const day = firstKeptDay(now, this.settings.retentionDays);
    if (day === undefined) return;
    await this.latest.dropBefore(day);
    if (this.isHypertable) return this.hypertable.dropBefore(day);
    const dropped = await this.partitions.dropBefore(day);
    if (dropped.length > 0) this.logger.log({ event: 'partitions_dropped', days: dropped });
  }
}
