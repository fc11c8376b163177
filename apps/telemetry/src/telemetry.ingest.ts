import { Controller } from '@nestjs/common';
import { CONSUMERS, ROBOT_MESSAGES } from '#libs/contracts';
import { Ingest } from '#libs/jetstream';
import { SampleService, type TelemetryMessage } from './sample.service.js';

@Controller()
export class TelemetryIngest {
  constructor(private readonly samples: SampleService) {}

  @Ingest({
    consumer: CONSUMERS.telemetryIngest,
    message: ROBOT_MESSAGES.telemetry,
    concurrency: 2,
    batch: { size: 1_000, waitMs: 50 },
  })
  async store(messages: readonly TelemetryMessage[]): Promise<void> {
    await this.samples.store(messages);
  }
}
