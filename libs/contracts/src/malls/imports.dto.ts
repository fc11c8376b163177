import type { Collection } from './checksums.js';
import type { JsonObject } from '../robots/envelope.js';

/** `merge` leaves records that are not in the upload as they are, `replace` deletes them. */
export const IMPORT_MODES = ['merge', 'replace'] as const;
export type ImportMode = (typeof IMPORT_MODES)[number];

/** `failed`: the upload could not be read to its end; `interrupted`: it broke off. What came before that is stored. */
export const IMPORT_STATES = ['running', 'completed', 'failed', 'interrupted'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

export const IMPORT_RESULTS = ['created', 'updated', 'unchanged', 'failed'] as const;
export type ImportResult = (typeof IMPORT_RESULTS)[number];

/** Rows by what became of them, and records that `replace` deleted. */
export interface ImportCounts {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly deleted: number;
}

export interface ImportDto {
  readonly import_id: string;
  readonly entity_id: string;
  readonly mode: ImportMode;
  readonly state: ImportState;
  readonly counts: ImportCounts;
  /** Why it ended as it did, or why nothing was deleted. */
  readonly error: string | null;
  readonly started_by: string;
  readonly started_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
}

/** A row of an upload that was read: a record to store, or what is wrong with it. */
export interface ImportRow {
  /** Counts from 1: the line of an NDJSON upload, the record of a JSON one. */
  readonly row: number;
  readonly collection?: Collection;
  /** Made from the fields when absent, so that the same upload finds the same record. */
  readonly record_id?: string;
  readonly fields?: JsonObject;
  readonly error?: string;
}

export interface ImportRef {
  readonly entity_id: string;
  readonly import_id: string;
}

export interface ImportBatch extends ImportRef {
  /** Counts from 1; a batch that is known already is not stored twice. */
  readonly batch: number;
  readonly rows: readonly ImportRow[];
}

/** One step of `replace`: deletes some records after a place that are not in the upload. */
export interface ImportPruning extends ImportRef {
  readonly collections: readonly Collection[];
  readonly after: ImportPlace | null;
}

export interface ImportPlace {
  readonly collection: string;
  readonly record_id: string;
}

export interface ImportEnd extends ImportRef {
  readonly state: Exclude<ImportState, 'running'>;
  readonly error?: string;
}

/** What became of one row. */
export interface ImportRowDto {
  readonly row: number;
  readonly collection: Collection | null;
  readonly id: string | null;
  readonly result: ImportResult;
  readonly error: string | null;
}

export interface ImportRowPage {
  readonly rows: readonly ImportRowDto[];
  readonly next: string | null;
}

export interface ImportPage {
  /** Newest first. */
  readonly imports: readonly ImportDto[];
  readonly next: string | null;
}
