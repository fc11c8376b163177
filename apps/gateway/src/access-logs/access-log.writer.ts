import type { AccessLogDto } from '#libs/contracts';
import { csvLine } from '../telemetry/csv.js';

/** How access logs become text. */
export interface AccessLogWriter {
  readonly mediaType: string;
  readonly header: string;
  lines(logs: readonly AccessLogDto[]): string;
}

const COLUMNS = [
  'log_id',
  'beacon_id',
  'timestamp',
  'user_id',
  'device_id',
  'result',
  'method',
  'error',
  'duration_ms',
  'batch_id',
  'received_at',
] as const satisfies (keyof AccessLogDto)[];

export const ACCESS_LOG_WRITERS: Readonly<Record<'csv' | 'ndjson', AccessLogWriter>> = {
  csv: {
    mediaType: 'text/csv; charset=utf-8',
    header: csvLine([...COLUMNS]),
    lines: (logs) => logs.map((log) => csvLine(COLUMNS.map((name) => log[name]))).join(''),
  },
  ndjson: {
    mediaType: 'application/x-ndjson; charset=utf-8',
    header: '',
    lines: (logs) => logs.map((log) => `${JSON.stringify(log)}\n`).join(''),
  },
};

const SAMPLE: AccessLogDto = {
  log_id: '4711',
  beacon_id: 'beacon-gate-5',
  timestamp: '2025-01-08T10:30:00.000Z',
  user_id: 'user-123',
  device_id: 'mobile-abc',
  result: 'success',
  method: 'ecdsa_proof',
  error: null,
  duration_ms: 150,
  batch_id: 'batch-001',
  received_at: '2025-01-08T10:31:00.000Z',
};

/** Media type → what an export looks like, for the API documents. */
export const EXPORT_EXAMPLES = {
  'text/csv': ACCESS_LOG_WRITERS.csv.header + ACCESS_LOG_WRITERS.csv.lines([SAMPLE]),
  'application/x-ndjson': ACCESS_LOG_WRITERS.ndjson.lines([SAMPLE]),
} as const;
