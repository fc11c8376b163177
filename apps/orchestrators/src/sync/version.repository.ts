import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Collection, MAX_REPLY_BYTES, type RecordOperation } from '#libs/contracts';

/** A record's text as it is stored, and the checksum of it. */
export interface RecordText {
  readonly recordId: string;
  readonly text: string;
  readonly checksum: Buffer;
}

/** One change; without text and checksum when it deleted the record. */
export interface ChangeText {
  readonly fromSeq: number;
  readonly collection: Collection;
  readonly recordId: string;
  readonly operation: RecordOperation;
  readonly text: string | null;
  readonly checksum: Buffer | null;
  readonly changedAt: Date;
}

interface StateQuery {
  readonly entityId: string;
  readonly collection: Collection;
  readonly seq: number;
  /** Id of the record before the first one wanted. */
  readonly after: string;
  readonly limit: number;
}

interface RangeQuery {
  readonly entityId: string;
  /** Changes after this one … */
  readonly fromSeq: number;
  /** … up to and with this one. */
  readonly toSeq: number;
  readonly limit: number;
}

/** Rows of a page, and whether there are more behind them. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

type Placed<Row> = Row & { readonly isLast: boolean };

/** Twice what other replies have: text that was JSON before at most doubles in a reply, and a message has 1 MiB. */
const PAGE_BYTES = 2 * MAX_REPLY_BYTES;

/** What stands beside a record's own text and its id on the wire, at most. */
const FRAME_BYTES = 240;

/** Reads records as they were at a change, and changes in their order; a page has what fits into one reply. */
@Injectable()
export class VersionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Records of a collection as change `seq` left them, in the order of the bytes of their ids. */
  async stateAt({ entityId, collection, seq, after, limit }: StateQuery): Promise<Rows<RecordText>> {
    const rows = await this.dataSource.query<readonly Placed<RecordText>[]>(STATE, [
      entityId,
      collection,
      seq,
      after,
      limit,
      PAGE_BYTES,
    ]);
    return toRows(rows);
  }

  /** Changes in their order. */
  async changes({ entityId, fromSeq, toSeq, limit }: RangeQuery): Promise<Rows<ChangeText>> {
    const rows = await this.dataSource.query<readonly Placed<ChangeText>[]>(CHANGES, [
      entityId,
      fromSeq,
      toSeq,
      limit,
      PAGE_BYTES,
    ]);
    return toRows(rows);
  }

  /** The last change that was made at `instant` or before, of those up to `headSeq`. */
  async seqAt(entityId: string, instant: Date, headSeq: number): Promise<number> {
    const [later] = await this.dataSource.query<readonly { fromSeq: number }[]>(
      `SELECT "fromSeq" FROM "orchestrators"."record_versions" WHERE "entityId" = $1 AND "changedAt" > $2
       ORDER BY "changedAt", "fromSeq" LIMIT 1`,
      [entityId, instant],
    );
    return Math.min(headSeq, later ? later.fromSeq - 1 : headSeq);
  }
}

function toRows<Row>(rows: readonly Placed<Row>[]): Rows<Row> {
  return { rows, hasMore: rows.at(-1)?.isLast === false };
}

/**
 * Of the candidates in their order takes as many as $limit while their sizes add up to no more than the bytes allowed, and
 * the first in any case. What a document takes on disk is known without reading it: it keeps a page of a few large records
 * from unpacking hundreds.
 */
function fitting(candidates: string, { order, limit, bytes }: { order: string; limit: string; bytes: string }): string {
  return `
    WITH placed AS (
      SELECT *, row_number() OVER behind AS place, count(*) OVER () AS candidates,
        sum(coalesce(pg_column_size("dataJson"), 0)) OVER behind AS "diskBytes"
      FROM (${candidates} ORDER BY ${order} LIMIT ${limit} + 1) c
      WINDOW behind AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
    ), sized AS (
      SELECT *, sum(coalesce(octet_length("text"), 0) + octet_length("recordId") + ${String(FRAME_BYTES)})
        OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS "textBytes"
      FROM (SELECT *, "dataJson"::text AS "text" FROM placed WHERE "diskBytes" <= ${bytes} OR place = 1 OFFSET 0) read
    )
    SELECT *, place = candidates AS "isLast" FROM sized
    WHERE place <= ${limit} AND ("textBytes" <= ${bytes} OR place = 1) ORDER BY place`;
}

const STATE = `
  SELECT "recordId", "text", "checksum", "isLast" FROM (${fitting(
    `SELECT "recordId", "dataJson", "checksum" FROM "orchestrators"."record_versions"
     WHERE "entityId" = $1 AND "collection" = $2 AND "fromSeq" <= $3 AND "recordId" > $4
       AND ("toSeq" IS NULL OR "toSeq" > $3) AND "operation" <> 'delete'`,
    { order: '"recordId"', limit: '$5::int', bytes: '$6::int' },
  )}) page`;

const CHANGES = `
  SELECT "fromSeq", "collection", "recordId", "operation", "text", "checksum", "changedAt", "isLast" FROM (${fitting(
    `SELECT "fromSeq", "collection", "recordId", "operation", "dataJson", "checksum", "changedAt"
     FROM "orchestrators"."record_versions" WHERE "entityId" = $1 AND "fromSeq" > $2 AND "fromSeq" <= $3`,
    { order: '"fromSeq"', limit: '$4::int', bytes: '$5::int' },
  )}) page`;
