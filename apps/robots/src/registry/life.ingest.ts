import { Controller } from '@nestjs/common';
import { CONSUMERS } from '#libs/contracts';
import { type Arrival, Ingest } from '#libs/jetstream';
import { Registrar } from './registrar.js';

/** Half a second of arrivals becomes one update. */
const BATCH = { size: 2_000, waitMs: 500 } as const;

/** Telemetry and acknowledgements are stored elsewhere; here they only prove that a robot is alive. */
@Controller()
export class LifeIngest {
  constructor(private readonly registrar: Registrar) {}

  @Ingest({ consumer: CONSUMERS.telemetryPresence, concurrency: 1, batch: BATCH })
  async telemetry(arrivals: readonly Arrival[]): Promise<void> {
    await this.registrar.record(arrivals, nothingMore);
  }

  @Ingest({ consumer: CONSUMERS.ackPresence, concurrency: 1, batch: BATCH })
  async acknowledgements(arrivals: readonly Arrival[]): Promise<void> {
    await this.registrar.record(arrivals, nothingMore);
  }
}

const nothingMore = (): Promise<void> => Promise.resolve();
