import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import {
  COLLECTIONS,
  DELTA_PAGE_CHANGES,
  RECORD_OPERATIONS,
  RECORD_TYPES,
  SYNC_FORMATS,
  type Collection,
  type SyncFormat,
} from '#libs/contracts';
import { IsInstant } from '../http/instant.field.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';
import { SYNC_ORDER } from './sync.text.js';

const CHECKSUM = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const MAX_CHECKSUM_CHARACTERS = 200;

/** Of a device: the entity of its token is what counts, and another one is refused before. */
class EntityQuery {
  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'The entity of the token.' })
  @IsOptional()
  @IsString()
  entity_id?: string;
}

export class FullSyncQuery extends EntityQuery {
  @ApiPropertyOptional({
    type: String,
    example: SYNC_ORDER.join(','),
    description: `Which of ${SYNC_ORDER.join(', ')} to send, separated by commas; all unless told.`,
  })
  @Transform(({ value }: { value: unknown }) => toList(value))
  @IsIn(COLLECTIONS, { each: true })
  include: readonly Collection[] = SYNC_ORDER;

  @ApiPropertyOptional({
    enum: SYNC_FORMATS,
    default: 'full',
    description: '`compact` leaves out of each record what is null or empty. Checksums are those of the whole records.',
  })
  @IsOptional()
  @IsIn(SYNC_FORMATS)
  format: SyncFormat = 'full';
}

export class ChecksumQuery extends EntityQuery {
  @ApiPropertyOptional({ example: CHECKSUM, description: 'The global checksum of the local data.' })
  @AlsoNamed('checksum')
  @IsOptional()
  @IsString()
  @Length(1, MAX_CHECKSUM_CHARACTERS)
  @Matches(NO_NUL)
  local_checksum?: string;
}

export class DeltaSyncQuery extends ChecksumQuery {
  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00Z',
    description: 'The `timestamp` of the sync before: changes after it. A `cursor` is better, and wins.',
  })
  // In a URL a plus that nobody encoded is a space.
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/(T\S+) (?=\d{2}:?\d{2}$)/, '$1+') || undefined : value,
  )
  @IsOptional()
  @IsInstant()
  since?: string;

  @ApiPropertyOptional({
    description: '`next_cursor` of the page before, or `cursor` of a sync that is complete. Opaque.',
  })
  @Transform(({ value }: { value: unknown }) => value || undefined)
  @IsOptional()
  @IsString()
  cursor?: string;
}

class SyncResponse {
  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ format: 'date-time', description: 'A delta `since` this instant misses nothing.' })
  timestamp!: string;
}

class ChecksumsResponse implements Record<Collection | 'global', string> {
  @ApiProperty({ example: CHECKSUM })
  areas!: string;

  @ApiProperty({ example: CHECKSUM })
  beacons!: string;

  @ApiProperty({ example: CHECKSUM })
  merchants!: string;

  @ApiProperty({ example: CHECKSUM })
  connections!: string;

  @ApiProperty({ example: CHECKSUM })
  global!: string;
}

export class ChecksumResponse extends SyncResponse {
  @ApiProperty({ type: ChecksumsResponse, description: 'See docs/sync.md for how they are computed.' })
  checksums!: ChecksumsResponse;

  @ApiPropertyOptional({ description: 'Whether `local_checksum` is the global one; absent without it.' })
  matches?: boolean;
}

const records = {
  type: 'array',
  items: { type: 'object', additionalProperties: true },
  description: 'Whole records with their `checksum`; absent when not included.',
} as const;

class FullSyncData implements Partial<Record<Collection, object[]>> {
  @ApiPropertyOptional(records)
  areas?: object[];

  @ApiPropertyOptional(records)
  beacons?: object[];

  @ApiPropertyOptional(records)
  merchants?: object[];

  @ApiPropertyOptional(records)
  connections?: object[];
}

class FullSyncTotals {
  @ApiProperty({ example: 150 })
  total_areas!: number;

  @ApiProperty({ example: 300 })
  total_beacons!: number;

  @ApiProperty({ example: 80 })
  total_merchants!: number;

  @ApiProperty({ example: 50 })
  total_connections!: number;
}

export class FullSyncResponse extends SyncResponse {
  @ApiProperty({ example: 'sync-full-6f1c2b1e' })
  sync_id!: string;

  @ApiProperty({ example: CHECKSUM, description: 'Global, whatever is included.' })
  checksum!: string;

  @ApiProperty({ type: FullSyncData })
  data!: FullSyncData;

  @ApiProperty({ type: FullSyncTotals, description: 'Of all collections, also of those not included.' })
  metadata!: FullSyncTotals;

  @ApiProperty({ description: 'Where the next delta starts.' })
  cursor!: string;
}

class ChangeResponse {
  @ApiProperty({ enum: Object.values(RECORD_TYPES) })
  type!: string;

  @ApiProperty({ enum: RECORD_OPERATIONS })
  operation!: string;

  @ApiProperty({ example: 'area-1' })
  id!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'The whole record; absent on delete.',
  })
  data?: object;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;
}

export class DeltaSyncResponse extends SyncResponse {
  @ApiProperty({ example: 'sync-delta-6f1c2b1e' })
  sync_id!: string;

  @ApiProperty({ example: CHECKSUM, description: 'Where the walk started: the same on all its pages.' })
  base_checksum!: string;

  @ApiProperty({ example: CHECKSUM, description: 'After its last page.' })
  new_checksum!: string;

  @ApiProperty({ type: [ChangeResponse], description: `In their order; at most ${DELTA_PAGE_CHANGES} on a page.` })
  changes!: ChangeResponse[];

  @ApiProperty()
  has_more!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Of the next page; null on the last one.' })
  next_cursor!: string | null;

  @ApiPropertyOptional({ description: 'On the last page: where the next delta starts.' })
  cursor?: string;
}

function toList(value: unknown): unknown {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (!texts.every((text) => typeof text === 'string')) return value ?? SYNC_ORDER;
  const names = texts.flatMap((text) => text.split(',')).map((name) => name.trim());
  const given = names.filter((name) => name !== '');
  return given.length === 0 ? SYNC_ORDER : given;
}
