const VERSIONS = '"orchestrators"."record_versions"';
const SUMS = '"orchestrators"."sums"';

/**
 * Per collection the change that its state at $2 dates from, and its sum if somebody had it made. A tombstone that is no
 * longer kept may have been the last change: the state at "expiredSeq" is the oldest that can be known.
 */
export const FIND_SUMS = `
  SELECT e."changeSeq", e."expiredSeq", c."collection", k."seq", s."sum", s."records",
    s."usedAt" < now() - interval '1 hour' AS "isFading"
  FROM "orchestrators"."entities" e
  CROSS JOIN unnest($3::text[]) AS c("collection")
  CROSS JOIN LATERAL (
    SELECT greatest(e."expiredSeq", (
      SELECT max(v."fromSeq") FROM ${VERSIONS} v
      WHERE v."entityId" = e."entityId" AND v."collection" = c."collection" AND v."fromSeq" <= $2)) AS "seq"
  ) k
  LEFT JOIN ${SUMS} s ON s."entityId" = e."entityId" AND s."collection" = c."collection" AND s."seq" = k."seq"
  WHERE e."entityId" = $1`;

const SUMMED = `
  sha256(coalesce(convert_to(
    string_agg(r."recordId" || ':' || encode(r."checksum", 'hex') || E'\\n', '' ORDER BY r."recordId" COLLATE "C"),
    'UTF8'), '')) AS "sum", count(*) AS "records"`;

/** Of the records as they are now: one scan of an index that has their checksums, in its order. */
export const SUM_PRESENT = `
  SELECT ${SUMMED},
    coalesce((SELECT max("fromSeq") FROM ${VERSIONS} WHERE "entityId" = $1 AND "collection" = $2), 0) AS "lastSeq"
  FROM ${VERSIONS} r
  WHERE "entityId" = $1 AND "collection" = $2 AND "toSeq" IS NULL AND "operation" <> 'delete'`;

/** Of the records at change $3: those of now that did not change since, and what was replaced after it. */
export const SUM_PAST = `
  SELECT ${SUMMED}, (SELECT "expiredSeq" FROM "orchestrators"."entities" WHERE "entityId" = $1) AS "expiredSeq"
  FROM (
    SELECT p."recordId", p."checksum" FROM ${VERSIONS} p
    WHERE p."entityId" = $1 AND p."collection" = $2 AND p."toSeq" IS NULL AND p."operation" <> 'delete'
      AND NOT EXISTS (
        SELECT FROM ${VERSIONS} c
        WHERE c."entityId" = $1 AND c."collection" = $2 AND c."fromSeq" > $3 AND c."recordId" = p."recordId")
    UNION ALL
    SELECT v."recordId", v."checksum" FROM ${VERSIONS} v
    WHERE v."entityId" = $1 AND v."collection" = $2 AND v."fromSeq" <= $3 AND v."toSeq" > $3
      AND v."operation" <> 'delete'
  ) r`;

/** For {@link SUM_PAST}: right after an import Postgres still believes that little changed, and would loop over all of it. */
export const JOIN_WHOLE_SETS = `SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true)`;

/** Remembers a sum and forgets the least used of its collection beyond the newest $6. Not kept for an entity that is gone. */
export const KEEP_SUM = `
  WITH kept AS (
    INSERT INTO ${SUMS} ("entityId", "collection", "seq", "sum", "records")
    SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM "orchestrators"."entities" WHERE "entityId" = $1)
    ON CONFLICT ("entityId", "collection", "seq") DO NOTHING
  )
  DELETE FROM ${SUMS}
  WHERE ("entityId", "collection", "seq") IN (
    SELECT "entityId", "collection", "seq" FROM ${SUMS} WHERE "entityId" = $1 AND "collection" = $2
    ORDER BY "usedAt" DESC, "seq" DESC OFFSET $6)`;

export const TOUCH_SUM = `
  UPDATE ${SUMS} SET "usedAt" = now() WHERE "entityId" = $1 AND "collection" = $2 AND "seq" = $3`;
