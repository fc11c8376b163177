import type { Collection, RecordType } from './checksums.js';
import type { JsonObject } from '../robots/envelope.js';

/** Longitude and latitude. */
export type GeoPoint = readonly [number, number];

/** What an administrator says of a mall or another place; every field but the name may be absent. */
export interface EntityFields {
  readonly name: string;
  readonly type?: string | null;
  readonly description?: string | null;
  readonly point_min?: GeoPoint | null;
  readonly point_max?: GeoPoint | null;
  readonly altitude_min?: number | null;
  readonly altitude_max?: number | null;
  readonly nation?: string | null;
  readonly region?: string | null;
  readonly city?: string | null;
  readonly tags?: readonly string[] | null;
}

export interface EntityDto extends Required<EntityFields> {
  readonly entity_id: string;
  /** The number of the last change of its records; 0 before the first. */
  readonly last_sequence: number;
  /** When that was. */
  readonly records_updated_at: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NewEntity {
  readonly fields: EntityFields;
  /** Made when absent. */
  readonly entity_id?: string;
  /** PEM of the key that alone may enrol; without one, a secret is made. */
  readonly public_key?: string;
}

export interface EntityCreatedDto extends EntityDto {
  /** Shown once; null when a key was given instead. */
  readonly enrolment_secret: string | null;
}

export interface EnrolmentSecretDto {
  readonly entity_id: string;
  readonly enrolment_secret: string;
}

export interface EntityPage {
  readonly entities: readonly EntityDto[];
  readonly next: string | null;
  readonly total: number;
}

/** A record as it goes out: its id, its fields as they were given, and what the server says of it. */
export interface WireRecord extends JsonObject {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** See `recordChecksum`. */
  readonly checksum: string;
}

/** Members of a record that the server writes; what a caller says there is ignored. */
export const SERVER_MEMBERS = ['created_at', 'updated_at', 'checksum'] as const;

/** The largest record, in bytes of JSON as it is sent. */
export const MAX_RECORD_BYTES = 128 * 1024;

export interface RecordRef {
  readonly entity_id: string;
  readonly collection: Collection;
  readonly record_id: string;
}

export interface RecordQuery {
  readonly entity_id: string;
  readonly collection: Collection;
  /** ISO instant: only records that changed then or later. */
  readonly updated_since?: string;
  readonly limit: number;
  readonly after?: string;
}

export interface RecordPage {
  /** In the order of the bytes of their ids; fewer than asked where more would not fit into one reply. */
  readonly records: readonly WireRecord[];
  readonly next: string | null;
  readonly total: number;
}

export interface NewRecord {
  readonly entity_id: string;
  readonly collection: Collection;
  /** Made when absent. */
  readonly record_id?: string;
  readonly fields: JsonObject;
  /** The caller with its key: a repeat finds the record that the first one made. */
  readonly idempotency_key?: string;
}

export interface RecordReplaced {
  readonly created: boolean;
  readonly record: WireRecord;
}

export const RECORD_OPERATIONS = ['create', 'update', 'delete'] as const;
export type RecordOperation = (typeof RECORD_OPERATIONS)[number];

/** One change of one record. */
export interface ChangeDto {
  /** Counts the changes of an entity from 1, without a gap. */
  readonly sequence: number;
  readonly type: RecordType;
  readonly operation: RecordOperation;
  readonly id: string;
  /** The record as it was then; absent when it was deleted. */
  readonly data?: JsonObject;
  readonly updated_at: string;
}

export interface ChangePage {
  readonly changes: readonly ChangeDto[];
  readonly next: string | null;
}

/** Ids of records that changed, by collection. */
export type ChangedIds = Readonly<Record<Collection, readonly string[]>>;

/** What `data_update` carries (orchestrators.txt 2.1). */
export interface DataUpdate {
  readonly type: 'entity_update';
  readonly entity_id: string;
  readonly updated_at: string;
  readonly changes: ChangedIds;
  /** The global checksum after this change. */
  readonly checksum: string;
}

/** The same for people, bounded whatever the change: how many records of each collection. */
export interface DataUpdatedEvent {
  readonly entity_id: string;
  readonly updated_at: string;
  readonly sequence: number;
  readonly changes: Readonly<Record<Collection, number>>;
  readonly checksum: string;
}
