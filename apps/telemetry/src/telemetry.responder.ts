import { Controller } from '@nestjs/common';
import {
  type BucketDto,
  type BucketQuery,
  MusterError,
  type RobotReportDto,
  type SamplePage,
  type SampleQuery,
  TELEMETRY_REQUESTS,
} from '#libs/contracts';
import { Answers } from '#libs/jetstream';
import { BucketRepository } from './bucket.repository.js';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { toCursor } from './sample.cursor.js';
import { SampleRepository } from './sample.repository.js';

/** Answers what the gateway asks about the time series. */
@Controller()
export class TelemetryResponder {
  constructor(
    private readonly samples: SampleRepository,
    private readonly latestSamples: LatestSampleRepository,
    private readonly buckets: BucketRepository,
  ) {}

  @Answers(TELEMETRY_REQUESTS.latest)
  async latest({ robotId }: { robotId: string }): Promise<RobotReportDto> {
    const sample = await this.latestSamples.find(robotId);
    if (sample) return sample;
    throw new MusterError('TELEMETRY_NOT_FOUND', `There is no telemetry of robot "${robotId}".`, { robotId });
  }

  @Answers(TELEMETRY_REQUESTS.range)
  async range(query: SampleQuery): Promise<SamplePage> {
    const { samples, hasMore } = await this.samples.page(query);
    const last = samples.at(-1);
    return { samples, next: hasMore && last ? toCursor(last) : null };
  }

  @Answers(TELEMETRY_REQUESTS.buckets)
  async bucketsOf(query: BucketQuery): Promise<{ buckets: readonly BucketDto[] }> {
    return { buckets: await this.buckets.find(query) };
  }
}
