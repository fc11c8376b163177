import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type JsonObject, MAX_REPLY_BYTES, type SampleDto, type SampleQuery } from '#libs/contracts';
import { poolOf } from '#libs/database';
import { fromCursor } from './sample.cursor.js';

/** One row to be. */
export interface NewSample {
  readonly sampleId: string;
  readonly robotId: string;
  /** The envelope byte for byte: JSON that was checked, with robotId and messageId. */
  readonly text: string;
  readonly receivedAt: Date;
  /** Milliseconds since 1970, by the robot's clock. */
  readonly sentAtMs: number;
}

interface SampleRow {
  readonly sampleId: string;
  readonly robotId: string;
  readonly receivedAt: Date;
  readonly sentAt: Date;
  readonly messageId: string;
  readonly payload: JsonObject;
  readonly isLast: boolean;
}

/** A page and whether the interval goes on behind it. */
export interface SampleRows {
  readonly samples: readonly SampleDto[];
  readonly hasMore: boolean;
}

const TABLE = '"telemetry"."robot_telemetry_samples"';
/** What the fields of a SampleDto beside its payload take as JSON, at most. */
const FRAME_BYTES = 420;

/**
 * The envelopes as one JSON document, and beside it only what the robot does not say itself. Postgres reads that a fifth
 * faster than an array of JSON texts, where every quote is escaped twice, and the texts of ids cost this process nothing.
 */
const INSERT = `
  INSERT INTO ${TABLE} ("sampleId", "robotId", "payloadJson", "receivedAt", "sentAt", "messageId")
  SELECT r."sampleId", r.envelope ->> 'robotId', r.envelope, r."receivedAt", to_timestamp(r."sentAtMs" / 1000.0),
    r.envelope ->> 'messageId'
  FROM (
    SELECT "sampleId", to_timestamp("receivedAtMs" / 1000.0) AS "receivedAt", "sentAtMs", envelope
    FROM ROWS FROM (
      unnest($1::uuid[], $2::int8[], $3::int8[]),
      jsonb_array_elements($4::jsonb)
    ) AS x("sampleId", "receivedAtMs", "sentAtMs", envelope)
  ) r`;
const UNLESS_SLOT_IS_TAKEN = `
  WHERE NOT EXISTS (
    SELECT 1 FROM ${TABLE} taken
    WHERE taken."robotId" = r.envelope ->> 'robotId'
      AND taken."receivedAt" >= date_bin($5::interval, r."receivedAt", 'epoch')
      AND taken."receivedAt" < date_bin($5::interval, r."receivedAt", 'epoch') + $5::interval)`;
const ONCE = ' ON CONFLICT DO NOTHING';

/** The time series. */
@Injectable()
export class SampleRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Stores what is not stored yet, in one statement; `slotMs` above 0 keeps one sample per robot and slot of time. */
  async insert(samples: readonly NewSample[], slotMs: number): Promise<number> {
    const columns = [
      arrayOf(samples.map(({ sampleId }) => sampleId)),
      arrayOf(samples.map(({ receivedAt }) => receivedAt.getTime())),
      arrayOf(samples.map(({ sentAtMs }) => sentAtMs)),
      `[${samples.map(({ text }) => text).join(',')}]`,
    ];
    const pool = poolOf(this.dataSource);
    const { rowCount } =
      slotMs === 0
        ? await pool.query(INSERT + ONCE, columns)
        : await pool.query(INSERT + UNLESS_SLOT_IS_TAKEN + ONCE, [...columns, `${String(slotMs)} milliseconds`]);
    return rowCount ?? 0;
  }

  /** One page in order of (receivedAt, sampleId), which is the order of the stream. At least one sample if there is any. */
  async page(query: SampleQuery): Promise<SampleRows> {
    const { robotId, from, to, limit, order, after } = query;
    const key = after === undefined ? undefined : fromCursor(after);
    const parameters = [robotId, from, to, limit + 1, MAX_REPLY_BYTES, ...(key ? [key.receivedAt, key.sampleId] : [])];
    const rows = await this.dataSource.query<readonly SampleRow[]>(pageSql(order, key !== undefined), parameters);
    const fit = rows.slice(0, limit);
    return { samples: fit.map(toSample), hasMore: rows.length > limit || fit.at(-1)?.isLast === false };
  }
}

/**
 * Takes rows while their sizes add up to no more than $5 bytes, and the first one in any case. What the rows take on disk
 * is known without reading them: it keeps a page of a few large samples from printing a thousand. The instant of the
 * cursor stands beside the row comparison because only plain comparisons rule partitions out.
 */
function pageSql(order: 'asc' | 'desc', isNextPage: boolean): string {
  const sort = order === 'asc' ? 'ASC' : 'DESC';
  const beyond = order === 'asc' ? '>' : '<';
  const onward = `AND "receivedAt" ${beyond}= $6 AND ("receivedAt", "sampleId") ${beyond} ($6, $7::uuid)`;
  return `
    WITH candidates AS (
      SELECT "sampleId", "robotId", "receivedAt", "sentAt", "messageId", "payloadJson",
        pg_column_size("payloadJson") AS "diskBytes"
      FROM ${TABLE}
      WHERE "robotId" = $1 AND "receivedAt" >= $2 AND "receivedAt" < $3 ${isNextPage ? onward : ''}
      ORDER BY "receivedAt" ${sort}, "sampleId" ${sort}
      LIMIT $4
    ), placed AS (
      SELECT *,
        sum("diskBytes") OVER behind AS "diskBytesSoFar",
        row_number() OVER behind AS place,
        count(*) OVER () AS candidates
      FROM candidates
      WINDOW behind AS (ORDER BY "receivedAt" ${sort}, "sampleId" ${sort} ROWS UNBOUNDED PRECEDING)
    ), sized AS (
      SELECT *,
        sum(octet_length(payload::text) + ${String(FRAME_BYTES)})
          OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS bytes
      FROM (
        SELECT *, "payloadJson" -> 'payload' AS payload FROM placed WHERE "diskBytesSoFar" <= $5 OR place = 1 OFFSET 0
      ) read
    )
    SELECT "sampleId", "robotId", "receivedAt", "sentAt", "messageId", payload, place = candidates AS "isLast"
    FROM sized WHERE bytes <= $5 OR place = 1 ORDER BY place`;
}

/** A Postgres array of values that need no quotes. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
}

function toSample({ sampleId, robotId, receivedAt, sentAt, messageId, payload }: SampleRow): SampleDto {
  return {
    robotId,
    receivedAt: receivedAt.toISOString(),
    payload,
    sampleId,
    sentAt: sentAt.toISOString(),
    messageId,
  };
}
