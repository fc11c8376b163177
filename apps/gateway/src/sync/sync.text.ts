import { type Collection, type FullSyncStart, type RecordsPart } from '#libs/contracts';
import type { DeltaPage } from './sync.reader.js';

/** The documents' order of the collections (orchestrators.txt 3.1). */
export const SYNC_ORDER = ['areas', 'beacons', 'merchants', 'connections'] as const satisfies readonly Collection[];

export interface FullSyncPlan {
  readonly syncId: string;
  readonly start: FullSyncStart;
  readonly include: readonly Collection[];
  readonly read: (collection: Collection) => AsyncIterable<RecordsPart>;
}

/**
 * The answer of a full sync, piece by piece. Throws in the middle when a collection does not hold what was counted: a body
 * that looks whole must be whole.
 */
export async function* fullSyncText({ syncId, start, include, read }: FullSyncPlan): AsyncGenerator<string> {
  const { entity_id, timestamp, checksum, totals, cursor } = start;
  yield `${JSON.stringify({ entity_id, sync_id: syncId, timestamp, checksum }).slice(0, -1)},"data":{`;
  for (const [index, collection] of SYNC_ORDER.filter((name) => include.includes(name)).entries()) {
    yield `${index > 0 ? ',' : ''}"${collection}":[`;
    yield* listText(read(collection), totals[collection]);
    yield ']';
  }
  const metadata = Object.fromEntries(SYNC_ORDER.map((name) => [`total_${name}`, totals[name]]));
  yield `},"metadata":${JSON.stringify(metadata)},"cursor":${JSON.stringify(cursor)}}`;
}

async function* listText(parts: AsyncIterable<RecordsPart>, total: number): AsyncGenerator<string> {
  let sent = 0;
  for await (const { records, count } of parts) {
    if (count > 0) yield sent > 0 ? `,${records}` : records;
    sent += count;
  }
  if (sent !== total) throw new Error(`A collection of ${total} records ended after ${sent}.`);
}

/** The answer of a delta, with its members in the documents' order (3.2). */
export function deltaText(syncId: string, page: DeltaPage): string {
  const { entity_id, timestamp, base_checksum, new_checksum, changes, hasMore, cursor } = page;
  const head = { entity_id, sync_id: syncId, timestamp, base_checksum, new_checksum };
  const tail = hasMore ? { has_more: true, next_cursor: cursor } : { has_more: false, next_cursor: null, cursor };
  return `${JSON.stringify(head).slice(0, -1)},"changes":[${changes}],${JSON.stringify(tail).slice(1)}`;
}
