import type { SampleDto } from '#libs/contracts';
import { csvLine } from './csv.js';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How samples become text. */
export interface SampleWriter {
  readonly mediaType: string;
  readonly header: string;
  lines(samples: readonly SampleDto[]): string;
}

const COLUMNS = ['robotId', 'receivedAt', 'sentAt', 'messageId'] as const;

/** With `fields` each path is a column (CSV) or an entry of `values` (NDJSON); without, the payload is there whole. */
export function writerOf(format: ExportFormat, fields: readonly string[]): SampleWriter {
  return format === 'csv' ? csvWriter(fields) : ndjsonWriter(fields);
}

function csvWriter(fields: readonly string[]): SampleWriter {
  const paths = fields.map(toPath);
  const cells = ({ payload }: SampleDto): unknown[] =>
    fields.length === 0 ? [JSON.stringify(payload)] : paths.map((path) => valueAt(payload, path));
  return {
    mediaType: 'text/csv; charset=utf-8',
    header: csvLine([...COLUMNS, ...(fields.length === 0 ? ['payload'] : fields)]),
    lines: (samples) =>
      samples.map((sample) => csvLine([...COLUMNS.map((name) => sample[name]), ...cells(sample)])).join(''),
  };
}

function ndjsonWriter(fields: readonly string[]): SampleWriter {
  const paths = fields.map((field) => [field, toPath(field)] as const);
  const shown = ({ payload, ...frame }: SampleDto): object =>
    fields.length === 0
      ? { ...frame, payload }
      : { ...frame, values: Object.fromEntries(paths.map(([field, path]) => [field, valueAt(payload, path) ?? null])) };
  return {
    mediaType: 'application/x-ndjson; charset=utf-8',
    header: '',
    lines: (samples) => samples.map((sample) => `${JSON.stringify(shown(sample))}\n`).join(''),
  };
}

const toPath = (field: string): readonly string[] => field.split('.');

/** What the robot wrote at a path; only its own keys and list places count. */
function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
