import { integer, settings } from '#libs/platform';

const DAY_MS = 86_400_000;

export class TelemetrySettings extends settings({
  retentionDays: integer('TELEMETRY_RETENTION_DAYS', {
    default: 30,
    min: 0,
    max: 36_500,
    hint: 'days for which samples are kept beside the current one, or 0 to keep them for ever',
  }),
  sampleIntervalMs: integer('TELEMETRY_SAMPLE_INTERVAL_MS', {
    default: 0,
    min: 0,
    max: DAY_MS,
    hint: 'milliseconds of which at most one sample per robot is kept, or 0 to keep every sample',
  }),
}) {}
