import type { Checksums, Collection } from './checksums.js';

/** `compact` leaves out of each record what is null or empty; checksums are those of the whole records (decision C21). */
export const SYNC_FORMATS = ['full', 'compact'] as const;
export type SyncFormat = (typeof SYNC_FORMATS)[number];

/** Changes on one page of a delta (decision C20). */
export const DELTA_PAGE_CHANGES = 500;

export interface SyncChecksumQuery {
  readonly entity_id: string;
  readonly local_checksum?: string;
}

export interface SyncChecksumDto {
  readonly entity_id: string;
  /** A delta `since` this instant misses nothing and repeats little. */
  readonly timestamp: string;
  readonly checksums: Checksums;
  /** Whether the caller's checksum is the global one; absent when it sent none. */
  readonly matches?: boolean;
}

/** A state of a mall, to which all pages of a full sync are pinned. */
export interface FullSyncStart {
  readonly entity_id: string;
  readonly timestamp: string;
  /** Global, whatever is asked for. */
  readonly checksum: string;
  readonly totals: Readonly<Record<Collection, number>>;
  /** Names the state: for its pages, and where the next delta starts. */
  readonly cursor: string;
}

export interface RecordsPartQuery {
  readonly entity_id: string;
  /** Of {@link FullSyncStart}. */
  readonly cursor: string;
  readonly collection: Collection;
  readonly format: SyncFormat;
  /** Id of the last record that the caller has. */
  readonly after?: string;
}

/** Records as they go out: their JSON texts, joined by commas, so that nobody on the way has to read them. */
export interface RecordsPart {
  readonly records: string;
  readonly count: number;
  /** Id of the last record here; null when the collection ends. */
  readonly next: string | null;
}

/** Where the caller stands: `cursor` wins over `since`. */
export interface DeltaQuery {
  readonly entity_id: string;
  /** ISO instant; what changed after it. */
  readonly since?: string;
  readonly cursor?: string;
  readonly local_checksum?: string;
}

export interface DeltaStart {
  readonly entity_id: string;
  readonly timestamp: string;
  /** Global checksum where the walk started, and after its last page. */
  readonly base_checksum: string;
  readonly new_checksum: string;
  /** Where the walk stands, for {@link ChangesPartQuery}. */
  readonly cursor: string;
}

export interface ChangesPartQuery {
  readonly entity_id: string;
  readonly cursor: string;
  readonly limit: number;
}

/** Changes in their order as JSON texts joined by commas: at most as many as asked, and what fits into a reply. */
export interface ChangesPart {
  readonly changes: string;
  readonly count: number;
  readonly has_more: boolean;
  /** Behind these changes: goes on with the walk, or starts the next delta after its end. */
  readonly cursor: string;
}
