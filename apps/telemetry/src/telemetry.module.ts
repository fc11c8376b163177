import { Module } from '@nestjs/common';
import { SchemaModule } from '#libs/database';
import { BucketRepository } from './bucket.repository.js';
import { HypertableRepository } from './hypertable.repository.js';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { CreateTelemetry0001 } from './migrations/0001-telemetry.js';
import { PartitionRepository } from './partition.repository.js';
import { SampleRepository } from './sample.repository.js';
import { SampleService } from './sample.service.js';
import { TelemetryIngest } from './telemetry.ingest.js';
import { TelemetryResponder } from './telemetry.responder.js';
import { TelemetrySettings } from './telemetry.settings.js';
import { TimeSeriesHousekeeping } from './time-series.housekeeping.js';
import { TimeSeriesService } from './time-series.service.js';

@Module({
  imports: [SchemaModule.forFeature({ schema: 'telemetry', entities: [], migrations: [CreateTelemetry0001] })],
  controllers: [TelemetryIngest, TelemetryResponder],
  providers: [
    SampleService,
    TimeSeriesService,
    TimeSeriesHousekeeping,
    SampleRepository,
    LatestSampleRepository,
    BucketRepository,
    PartitionRepository,
    HypertableRepository,
    TelemetrySettings,
  ],
})
export class TelemetryModule {}
