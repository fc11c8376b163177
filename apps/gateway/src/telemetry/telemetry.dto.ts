import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Matches, ValidateBy } from 'class-validator';
import { AGGREGATES, type Aggregate, type JsonObject } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { EXPORT_FORMATS, type ExportFormat } from './export.format.js';
import { IsInstant } from '../http/instant.field.js';
import { parseDuration } from './interval.js';

const MAX_FIELDS = 10;
const ORDERS = ['asc', 'desc'] as const;
/** Up to 8 keys of up to 64 characters, joined by dots. */
const FIELD = /^[^.,\p{Cc}\p{Cs}]{1,64}(?:\.[^.,\p{Cc}\p{Cs}]{1,64}){0,7}$/u;
const PAYLOAD_EXAMPLE = { battery: 81.5, position: { x: 3.2, y: 7.9, theta: 1.57 }, state: 'DRIVING' };

const IsDuration = (): PropertyDecorator =>
  ValidateBy({
    name: 'isDuration',
    validator: {
      validate: (value) => typeof value === 'string' && parseDuration(value) !== undefined,
      defaultMessage: (check) => `${check?.property ?? 'it'} must be a length from 1s to 31d, as 30s, 5m, 1h or 1d`,
    },
  });

/** In a URL a plus that nobody encoded is a space: `…T10:00:00+02:00` comes as `…T10:00:00 02:00`. */
const ZoneFromUrl = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/(T\S+) (?=\d{2}:?\d{2}$)/, '$1+') : value,
  );

export class IntervalQuery {
  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00Z',
    description: 'First instant of the broker’s clock; one hour before `to` unless told. Also named `since`, `start`.',
  })
  @AlsoNamed('since', 'start')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T11:00:00Z',
    description: 'The first instant that no longer counts; now unless told. Also named `until`, `end`.',
  })
  @AlsoNamed('until', 'end')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  to?: string;
}

export class RangeQuery extends IntersectionType(IntervalQuery, pageQuery({ usual: 100, max: 1_000 })) {
  @ApiPropertyOptional({ enum: ORDERS, default: 'desc', description: 'Newest first unless told. Also named `sort`.' })
  @AlsoNamed('sort')
  @IsOptional()
  @IsIn(ORDERS)
  order?: (typeof ORDERS)[number];
}

/** Adds `fields`: comma-separated or repeated, each once. */
class FieldsQuery extends IntervalQuery {
  @ApiPropertyOptional({
    type: String,
    example: 'battery,position.x',
    description:
      'Up to 10 dotted paths into the payload, separated by commas; list places count from 0. Also named `field`, `path`.',
  })
  @AlsoNamed('field', 'path')
  @Transform(({ value }: { value: unknown }) => toList(value))
  @IsArray()
  @ArrayMaxSize(MAX_FIELDS)
  @IsString({ each: true })
  @Matches(FIELD, { each: true, message: 'each of fields must be a dotted path of at most 8 keys, as position.x' })
  fields!: readonly string[];
}

export class BucketsQuery extends FieldsQuery {
  @ApiProperty({
    example: '5m',
    description: '`30s`, `5m`, `1h`, `1d`; buckets are aligned to 1970-01-01 UTC. Also named `interval`.',
  })
  @AlsoNamed('interval')
  @IsDuration()
  bucket!: string;

  @ApiPropertyOptional({
    enum: AGGREGATES,
    default: 'avg',
    description: 'What becomes of the numbers in a bucket. Also named `aggregate`, `fn`.',
  })
  @AlsoNamed('aggregate', 'fn')
  @IsOptional()
  @IsIn(AGGREGATES)
  agg?: Aggregate;
}

export class ExportQuery extends FieldsQuery {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, description: 'What the Accept header asks for unless told, else CSV.' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;
}

export class TelemetryResponse {
  @ApiProperty({ example: 'RB-001' })
  robotId!: string;

  @ApiProperty({ format: 'date-time', description: 'When the broker stored it.' })
  receivedAt!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: PAYLOAD_EXAMPLE })
  payload!: JsonObject;
}

export class SampleResponse extends TelemetryResponse {
  @ApiProperty({
    example: '0193a1b2-c3d4-8000-8000-00000000002a',
    description: 'Position in the stream; never changes.',
  })
  sampleId!: string;

  @ApiProperty({ format: 'date-time', description: 'By the robot’s clock.' })
  sentAt!: string;

  @ApiProperty({ example: '5f0c2b1e-8c1c-4b7a-9a3e-1d2c3b4a5f60' })
  messageId!: string;
}

export class BucketResponse {
  @ApiProperty({ format: 'date-time', example: '2026-11-20T10:05:00.000Z' })
  bucketStart!: string;

  @ApiProperty({ example: 300, description: 'Samples in the bucket; buckets without any are left out.' })
  count!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number', nullable: true },
    example: { battery: 80.25, 'position.x': null },
    description: 'The aggregate per field; null where no sample has a number there.',
  })
  values!: Readonly<Record<string, number | null>>;
}

function toList(value: unknown = []): unknown {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === 'string')) return value;
  const fields = texts.flatMap((text) => text.split(','));
  return [...new Set(fields.map((field) => field.trim()))].filter((field) => field !== '');
}
