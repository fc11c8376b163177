import {
  canonicalJson,
  type Collection,
  type JsonObject,
  type RecordOperation,
  type WireRecord,
} from '#libs/contracts';
import { fieldsOf, sealRecord, type StoredRecord, toStoredRecord } from './record.wire.js';

/** What somebody wants done to one record. `create` refuses a record that is there, `put` replaces it. */
export type RecordChange =
  | {
      readonly kind: 'create' | 'put';
      readonly collection: Collection;
      readonly id: string;
      readonly fields: JsonObject;
    }
  | { readonly kind: 'delete'; readonly collection: Collection; readonly id: string };

/** What became of a wish; `exists` and `missing` are refusals, and change as little as `unchanged` does. */
export type ChangeResult = 'created' | 'updated' | 'unchanged' | 'deleted' | 'exists' | 'missing';

export interface ChangeOutcome {
  readonly result: ChangeResult;
  /** The record as it is afterwards, or was refused for; absent when there is none. */
  readonly record?: WireRecord;
}

/** A state of a record that is to be stored. */
export interface RecordVersion {
  readonly collection: Collection;
  readonly id: string;
  readonly fromSeq: number;
  /** Set when the same transaction replaces it again. */
  toSeq: number | null;
  readonly operation: RecordOperation;
  /** Absent when it was deleted. */
  readonly record?: WireRecord;
}

/** Where in its entity's history a transaction stands. */
export interface ChangeStamp {
  /** The number of the last change before it. */
  readonly seq: number;
  readonly changedAt: string;
}

/** Key of a record among all of an entity; an id holds no slash. */
export const keyOf = ({ collection, id }: { readonly collection: Collection; readonly id: string }): string =>
  `${collection}/${id}`;

/**
 * Carries wishes out, one after the other, on records as they are at present (key: `keyOf`). Pure: answers what became of
 * each, and the versions to store in the order of their numbers.
 */
export function planChanges(
  present: ReadonlyMap<string, StoredRecord>,
  changes: readonly RecordChange[],
  stamp: ChangeStamp,
): { readonly outcomes: readonly ChangeOutcome[]; readonly versions: readonly RecordVersion[] } {
  const state = new Map(present);
  const latest = new Map<string, RecordVersion>();
  const versions: RecordVersion[] = [];
  const outcomes = changes.map((change) => {
    const key = keyOf(change);
    const outcome = decide(state.get(key), change, stamp);
    const operation = OPERATIONS[outcome.result];
    if (operation === undefined) return outcome;
    const { collection, id } = change;
    const fromSeq = stamp.seq + versions.length + 1;
    const record = operation === 'delete' ? undefined : outcome.record;
    const version = { collection, id, fromSeq, toSeq: null, operation, ...(record && { record }) };
    const replaced = latest.get(key);
    if (replaced) replaced.toSeq = fromSeq;
    latest.set(key, version);
    versions.push(version);
    if (record) state.set(key, withoutChecksum(record));
    else state.delete(key);
    return outcome;
  });
  return { outcomes, versions };
}

const OPERATIONS: Readonly<Partial<Record<ChangeResult, RecordOperation>>> = {
  created: 'create',
  updated: 'update',
  deleted: 'delete',
};

function decide(now: StoredRecord | undefined, change: RecordChange, { changedAt }: ChangeStamp): ChangeOutcome {
  if (change.kind === 'delete') return { result: now ? 'deleted' : 'missing' };
  const { id, fields } = change;
  if (!now) {
    return {
      result: 'created',
      record: sealRecord(toStoredRecord(id, fields, { createdAt: changedAt, updatedAt: changedAt })),
    };
  }
  const isSame = canonicalJson(fieldsOf(now)) === canonicalJson(fieldsOf(fields));
  if (change.kind === 'create') return { result: 'exists', ...(isSame && { record: sealRecord(now) }) };
  if (isSame) return { result: 'unchanged', record: sealRecord(now) };
  const times = { createdAt: now.created_at, updatedAt: changedAt };
  return { result: 'updated', record: sealRecord(toStoredRecord(id, fields, times)) };
}

function withoutChecksum({ checksum: _checksum, ...record }: WireRecord): StoredRecord {
  const { id, created_at, updated_at } = record;
  return { ...record, id, created_at, updated_at };
}
