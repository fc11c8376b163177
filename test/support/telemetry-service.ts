import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TelemetryModule } from '../../apps/telemetry/src/telemetry.module.js';
import { TimeSeriesService } from '../../apps/telemetry/src/time-series.service.js';

/** The telemetry service, for specs of apps that may not import it. */
export { TelemetryModule };

/** Makes the partitions that a spec fills with SQL; days are `YYYY-MM-DD`. */
export async function makePartitions(app: NestFastifyApplication, days: readonly string[]): Promise<void> {
  await app.get(TimeSeriesService, { strict: false }).ensure(days);
}
