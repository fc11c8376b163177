import { contentHashOf, type ImportCounts, type ImportRow, type ImportRowDto, RECORD_TYPES } from '#libs/contracts';
import type { ChangeOutcome, RecordChange } from '../records/record.changes.js';

const ID_HEX_CHARACTERS = 32;
const MAX_ERROR_CHARACTERS = 500;

/** A row that can be stored, as the change that it asks for. */
export interface WantedRow {
  readonly row: number;
  readonly change: RecordChange;
}

/** Rows that hold a record, as changes. A record without an id gets one that the same fields get again. */
export function wantedOf(entityId: string, rows: readonly ImportRow[]): readonly WantedRow[] {
  return rows.flatMap(({ row, collection, record_id, fields }) => {
    if (collection === undefined || fields === undefined) return [];
    const id = record_id ?? `${RECORD_TYPES[collection]}-${hashOf([entityId, collection, fields])}`;
    return [{ row, change: { kind: 'put', collection, id, fields } }];
  });
}

/** What became of every row of a batch, in their order. */
export function reportOf(
  rows: readonly ImportRow[],
  wanted: readonly WantedRow[],
  outcomes: readonly ChangeOutcome[],
): readonly ImportRowDto[] {
  const results = new Map(wanted.map(({ row, change }, index) => [row, { change, outcome: outcomes[index] }]));
  return rows.map(({ row, collection = null, record_id = null, error = 'The row holds no record.' }) => {
    const stored = results.get(row);
    const result = stored?.outcome?.result;
    if (stored && (result === 'created' || result === 'updated' || result === 'unchanged')) {
      return { row, collection, id: stored.change.id, result, error: null };
    }
    return { row, collection, id: record_id, result: 'failed', error: error.slice(0, MAX_ERROR_CHARACTERS) };
  });
}

export function countsOf(report: readonly ImportRowDto[]): Omit<ImportCounts, 'deleted'> {
  const count = (wanted: string): number => report.filter(({ result }) => result === wanted).length;
  return {
    rows: report.length,
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    failed: count('failed'),
  };
}

const hashOf = (value: unknown): string => contentHashOf(value).slice(0, ID_HEX_CHARACTERS);
