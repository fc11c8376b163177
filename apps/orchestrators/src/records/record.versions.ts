import type { EntityManager } from 'typeorm';
import { checksumBytes, type Collection } from '#libs/contracts';
import { unnest } from '#libs/database';
import { type ChangeStamp, keyOf, type RecordVersion } from './record.changes.js';
import type { StoredRecord } from './record.wire.js';

interface RecordKey {
  readonly collection: Collection;
  readonly id: string;
}

const KEY_COLUMNS = {
  collection: { type: 'text', value: (row: RecordKey) => row.collection },
  recordId: { type: 'text', value: (row: RecordKey) => row.id },
} as const;

/** Reads the present state of some records of an entity that the transaction holds; key: `keyOf`. */
export async function readPresent(
  tx: EntityManager,
  entityId: string,
  keys: readonly RecordKey[],
): Promise<ReadonlyMap<string, StoredRecord>> {
  const wanted = unnest(keys, KEY_COLUMNS, 2);
  const rows = await tx.query<readonly { collection: Collection; dataJson: StoredRecord }[]>(
    `SELECT v."collection", v."dataJson" FROM (SELECT DISTINCT r."collection", r."recordId" FROM ${wanted.sql}) k
     JOIN "orchestrators"."record_versions" v
       ON v."entityId" = $1 AND v."collection" = k."collection" AND v."recordId" = k."recordId"
     WHERE v."toSeq" IS NULL AND v."operation" <> 'delete'`,
    [entityId, ...wanted.parameters],
  );
  return new Map(rows.map(({ collection, dataJson }) => [keyOf({ collection, id: dataJson.id }), dataJson]));
}

/** Ends the present states of records and stores the new ones. */
export async function storeVersions(
  tx: EntityManager,
  entityId: string,
  versions: readonly RecordVersion[],
  { changedAt }: ChangeStamp,
): Promise<void> {
  await endPresent(tx, entityId, firstOfEach(versions));
  const rows = unnest(
    versions,
    {
      ...KEY_COLUMNS,
      fromSeq: { type: 'int8', value: (version) => version.fromSeq },
      toSeq: { type: 'int8', value: (version) => version.toSeq },
      operation: { type: 'text', value: (version) => version.operation },
      dataJson: { type: 'text', value: ({ record }) => record && textOf(record) },
      checksum: { type: 'text', value: ({ record }) => record && checksumBytes(record.checksum).toString('hex') },
    },
    3,
  );
  await tx.query(
    `INSERT INTO "orchestrators"."record_versions"
       ("entityId", "collection", "recordId", "fromSeq", "toSeq", "operation", "dataJson", "checksum", "changedAt")
     SELECT $1, r."collection", r."recordId", r."fromSeq", r."toSeq", r."operation", r."dataJson"::json,
            decode(r."checksum", 'hex'), $2
     FROM ${rows.sql}`,
    [entityId, changedAt, ...rows.parameters],
  );
}

/** A record that is changed twice ends its present state with the first of the two. */
function firstOfEach(versions: readonly RecordVersion[]): readonly RecordVersion[] {
  const first = new Map<string, RecordVersion>();
  for (const version of versions) if (!first.has(keyOf(version))) first.set(keyOf(version), version);
  return [...first.values()];
}

async function endPresent(tx: EntityManager, entityId: string, versions: readonly RecordVersion[]): Promise<void> {
  const ends = unnest(versions, { ...KEY_COLUMNS, toSeq: { type: 'int8', value: (version) => version.fromSeq } }, 2);
  await tx.query(
    `UPDATE "orchestrators"."record_versions" v SET "toSeq" = r."toSeq" FROM ${ends.sql}
     WHERE v."entityId" = $1 AND v."collection" = r."collection" AND v."recordId" = r."recordId" AND v."toSeq" IS NULL`,
    [entityId, ...ends.parameters],
  );
}

function textOf({ checksum: _checksum, ...record }: NonNullable<RecordVersion['record']>): string {
  return JSON.stringify(record);
}
