import type pg from 'pg';

const BATCH = 5_000;

/**
 * Fills a mall's areas as its first changes, about 400 bytes each, and leaves the table as a vacuum does that came by since.
 * The checksums are not those of the data, which nobody who only measures can tell.
 */
export async function fillAreas(database: pg.Client, entityId: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += BATCH) {
    await database.query(
      `INSERT INTO "orchestrators"."record_versions"
         ("entityId", "collection", "recordId", "fromSeq", "operation", "dataJson", "checksum", "changedAt")
       SELECT $1, 'areas', 'area-' || n, n, 'create',
         json_build_object('id', 'area-' || n, 'name', 'Area ' || n, 'description', repeat('x', 250),
           'created_at', now(), 'updated_at', now()), sha256(int8send(n)), now()
       FROM generate_series($2::bigint, least($2 + ${BATCH - 1}, $3::bigint)) n`,
      [entityId, from, count],
    );
  }
  await database.query(
    `UPDATE "orchestrators"."entities" SET "changeSeq" = $2, "changedAt" = now() WHERE "entityId" = $1`,
    [entityId, count],
  );
  await database.query(`VACUUM ANALYZE "orchestrators"."record_versions"`);
}

/** What the n-th area is replaced with. */
export const areaOf = (n: number, version: number): Record<string, unknown> => ({
  name: `Area ${n}, version ${version}`,
  description: 'y'.repeat(250),
});
