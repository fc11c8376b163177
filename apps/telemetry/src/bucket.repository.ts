import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Aggregate, BucketDto, BucketQuery } from '#libs/contracts';

/** Columns `v0`, `v1`, … beside the two fixed ones; numerics come as text. */
interface BucketRow extends Readonly<Record<string, unknown>> {
  readonly bucketStart: Date;
  readonly count: number;
}

/** JSON numbers may be larger than a double can be; those are no numbers here. */
const TOO_LARGE = '1.7976931348623158e308';

/** `v` is a column of numerics that are NULL where the payload has no number. Every one of these takes constant memory. */
const AGGREGATE_SQL: Readonly<Record<Aggregate, (v: string) => string>> = {
  avg: (v) => `avg(${v})`,
  min: (v) => `min(${v})`,
  max: (v) => `max(${v})`,
  count: (v) => `count(${v})`,
  // Sample ids sort as the stream does: the largest pair holds the newest number.
  last: (v) => `(max(ARRAY["sampleId"::text, ${v}::text] COLLATE "C") FILTER (WHERE ${v} IS NOT NULL))[2]`,
};

/** Down-sampled time series. Buckets are aligned to 1970-01-01 UTC, so the same bucket is the same in every answer. */
@Injectable()
export class BucketRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The buckets that hold samples, oldest first. */
  async find({ robotId, from, to, bucketMs, aggregate, fields }: BucketQuery): Promise<readonly BucketDto[]> {
    const paths = fields.map((field) => ['payload', ...field.split('.')]);
    const rows = await this.dataSource.query<readonly BucketRow[]>(bucketSql(aggregate, fields.length), [
      robotId,
      from,
      to,
      `${String(bucketMs)} milliseconds`,
      ...paths,
    ]);
    return rows.map((row) => toBucket(row, fields));
  }
}

/** The text depends on the number of fields alone: their paths are parameters. */
function bucketSql(aggregate: Aggregate, fieldCount: number): string {
  const indexes = Array.from({ length: fieldCount }, (_, index) => index);
  const found = indexes.map((index) => `, "payloadJson" #> $${String(index + 5)}::text[] AS j${String(index)}`);
  const numbers = indexes.map((index) => `, ${numberSql(`j${String(index)}`)} AS v${String(index)}`);
  const results = indexes.map((index) => `, ${AGGREGATE_SQL[aggregate](`v${String(index)}`)} AS v${String(index)}`);
  return `
    SELECT "bucketStart", count(*) AS "count" ${results.join('')}
    FROM (
      SELECT "bucketStart", "sampleId" ${numbers.join('')}
      FROM (
        SELECT date_bin($4::interval, "receivedAt", 'epoch') AS "bucketStart", "sampleId" ${found.join('')}
        FROM "telemetry"."robot_telemetry_samples"
        WHERE "robotId" = $1 AND "receivedAt" >= $2 AND "receivedAt" < $3
        OFFSET 0
      ) found
    ) numbers
    GROUP BY "bucketStart" ORDER BY "bucketStart"`;
}

function numberSql(json: string): string {
  const isNumber = `jsonb_typeof(${json}) = 'number'`;
  return `CASE WHEN ${isNumber} THEN CASE WHEN abs(${json}::numeric) < ${TOO_LARGE} THEN ${json}::numeric END END`;
}

function toBucket(row: BucketRow, fields: readonly string[]): BucketDto {
  const values = fields.map((field, index) => [field, toNumber(row[`v${String(index)}`])] as const);
  return { bucketStart: row.bucketStart.toISOString(), count: row.count, values: Object.fromEntries(values) };
}

function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
