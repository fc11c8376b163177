import { Injectable } from '@nestjs/common';
import { parseInstant, PermanentMessageError, type ROBOT_MESSAGES } from '#libs/contracts';
import { isDataError } from '#libs/database';
import type { InboundOf } from '#libs/jetstream';
import { Counter, register } from 'prom-client';
import { LatestSampleRepository } from './latest-sample.repository.js';
import { daysOf, firstKeptDay } from './partition.calendar.js';
import { isMissingPartition } from './partition.repository.js';
import { sampleIdOf } from './sample.id.js';
import { type NewSample, SampleRepository } from './sample.repository.js';
import { SamplingPolicy } from './sampling.policy.js';
import { TelemetrySettings } from './telemetry.settings.js';
import { TimeSeriesService } from './time-series.service.js';

export type TelemetryMessage = InboundOf<typeof ROBOT_MESSAGES.telemetry>;

/** A JSON document of Postgres holds less than 256 MiB, and the samples of one statement are one document. */
const MAX_STATEMENT_CHARACTERS = 16 * 1024 * 1024;

/** Decides which samples are kept, and gets them into the time series. */
@Injectable()
export class SampleService {
  private readonly sampling: SamplingPolicy;

  constructor(
    private readonly settings: TelemetrySettings,
    private readonly timeSeries: TimeSeriesService,
    private readonly samples: SampleRepository,
    private readonly latest: LatestSampleRepository,
  ) {
    this.sampling = new SamplingPolicy(settings.sampleIntervalMs);
  }

  /**
   * Stores a batch; a repeat changes nothing.
   * @throws PermanentMessageError `NOT_STORABLE` when Postgres can never store one of them.
   */
  async store(messages: readonly TelemetryMessage[]): Promise<void> {
    const fresh = this.withinRetention(messages.map(toSample));
    if (fresh.length === 0) return;
    try {
      for (const chunk of chunksOf(this.sampling.thin(fresh))) await this.insert(chunk);
      if (this.settings.sampleIntervalMs > 0) await this.latest.remember(fresh);
    } catch (error) {
      if (!isDataError(error) || isMissingPartition(error)) throw error;
      throw new PermanentMessageError('NOT_STORABLE', reasonOf(error), { cause: error });
    }
  }

  /** What its own partition would not outlive is not stored: it came back from the dead letters, or after an outage. */
  private withinRetention(samples: readonly NewSample[]): readonly NewSample[] {
    const firstDay = firstKeptDay(new Date(), this.settings.retentionDays);
    if (firstDay === undefined) return samples;
    const sinceMs = Date.parse(firstDay);
    const fresh = samples.filter(({ receivedAt }) => receivedAt.getTime() >= sinceMs);
    count('expired', samples.length - fresh.length);
    return fresh;
  }

  private async insert(samples: readonly NewSample[]): Promise<void> {
    const days = daysOf(samples.map(({ receivedAt }) => receivedAt));
    await this.timeSeries.ensure(days);
    let stored: number;
    try {
      stored = await this.samples.insert(samples, this.settings.sampleIntervalMs);
    } catch (error) {
      if (!isMissingPartition(error)) throw error;
      this.timeSeries.forget();
      await this.timeSeries.ensure(days);
      stored = await this.samples.insert(samples, this.settings.sampleIntervalMs);
    }
    count('stored', stored);
    count('repeated', samples.length - stored);
  }
}

function toSample({ position, robotId, text, receivedAt, envelope }: TelemetryMessage): NewSample {
  return { sampleId: sampleIdOf(position), robotId, text, receivedAt, sentAtMs: parseInstant(envelope.sentAt) };
}

/** Splits only batches of very large messages. */
function* chunksOf(samples: readonly NewSample[]): Generator<readonly NewSample[]> {
  let start = 0;
  let characters = 0;
  for (const [index, { text }] of samples.entries()) {
    if (characters > 0 && characters + text.length > MAX_STATEMENT_CHARACTERS) {
      yield samples.slice(start, index);
      start = index;
      characters = 0;
    }
    characters += text.length;
  }
  if (start < samples.length) yield samples.slice(start);
}

function reasonOf(error: unknown): string {
  return `Postgres cannot store it: ${error instanceof Error ? error.message : String(error)}.`;
}

function count(outcome: 'stored' | 'repeated' | 'expired', samples: number): void {
  if (samples > 0) outcomes.inc({ outcome }, samples);
}

const outcomes = new Counter({
  name: 'muster_telemetry_samples_total',
  help: 'Telemetry samples by what became of them',
  labelNames: ['outcome'],
  registers: [register],
});
