import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import {
  ACCESS_RESULTS,
  type AccessLogDto,
  type AccessLogFilter,
  type AccessLogKeyDto,
  type AccessLogRequestDto,
  type AccessResult,
  type JsonObject,
  parseInstant,
} from '#libs/contracts';
import { IsTokenId } from '../beacons/beacon.reports.dto.js';
import { IsInstant, ZoneFromUrl } from '../http/instant.field.js';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
const INSTANT = { type: String, format: 'date-time' } as const;
const TEXT = { type: String, nullable: true } as const;

export class AccessLogFilterQuery {
  @ApiPropertyOptional({ example: 'beacon-gate-5', description: 'Only logs of this beacon.' })
  @IsOptional()
  @IsTokenId()
  beacon_id?: string;

  @ApiPropertyOptional({ example: 'user-123', description: 'Only logs of this user.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  user_id?: string;

  @ApiPropertyOptional({ example: 'mobile-abc', description: 'Only logs of this phone.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  device_id?: string;

  @ApiPropertyOptional({ enum: ACCESS_RESULTS, description: 'Only logs with this result.' })
  @IsOptional()
  @IsIn(ACCESS_RESULTS)
  result?: AccessResult;

  @ApiPropertyOptional({ example: 'ecdsa_proof', description: 'Only logs of this way of proof.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  method?: string;

  @ApiPropertyOptional({
    ...INSTANT,
    description: 'First instant, by the beacon’s clock. Also named `since`, `start`.',
  })
  @AlsoNamed('since', 'start')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({
    ...INSTANT,
    description: 'The first instant that no longer counts. Also named `until`, `end`.',
  })
  @AlsoNamed('until', 'end')
  @ZoneFromUrl()
  @IsOptional()
  @IsInstant()
  to?: string;
}

export class AccessLogListQuery extends IntersectionType(AccessLogFilterQuery, pageQuery({ usual: 100, max: 1_000 })) {}

export class AccessLogExportQuery extends AccessLogFilterQuery {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, description: 'csv unless `Accept` names NDJSON.' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: (typeof EXPORT_FORMATS)[number];
}

/** Only what was asked for. */
export function toFilter(entityId: string, query: AccessLogFilterQuery): AccessLogFilter {
  const { beacon_id, user_id, device_id, result, method, from, to } = query;
  return {
    entity_id: entityId,
    ...(beacon_id && { beacon_id }),
    ...(user_id && { user_id }),
    ...(device_id && { device_id }),
    ...(result && { result }),
    ...(method && { method }),
    ...(from && { from: toInstant(from) }),
    ...(to && { to: toInstant(to) }),
  };
}

export const toInstant = (text: string): string => new Date(parseInstant(text)).toISOString();

export class AccessLogResponse implements AccessLogDto {
  @ApiProperty({ example: '4711' })
  log_id!: string;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ ...INSTANT, description: 'The beacon’s clock.' })
  timestamp!: string;

  @ApiProperty({ ...TEXT, example: 'user-123' })
  user_id!: string | null;

  @ApiProperty({ ...TEXT, example: 'mobile-abc' })
  device_id!: string | null;

  @ApiProperty({ enum: ACCESS_RESULTS })
  result!: AccessResult;

  @ApiProperty({ ...TEXT, example: 'ecdsa_proof' })
  method!: string | null;

  @ApiProperty({ ...TEXT, example: 'signature_invalid' })
  error!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 150 })
  duration_ms!: number | null;

  @ApiProperty({ example: 'batch-001' })
  batch_id!: string;

  @ApiProperty({ ...INSTANT, description: 'The platform’s clock.' })
  received_at!: string;
}

export class AccessLogRequestRequest {
  @ApiProperty({ example: 'beacon-gate-5' })
  @IsTokenId()
  beacon_id!: string;

  @ApiProperty({ ...INSTANT, example: '2025-01-08T00:00:00Z' })
  @IsInstant()
  since!: string;
}

export class AccessLogRequestResponse implements AccessLogRequestDto {
  @ApiProperty({ example: 'req-0f8fad5b-d9cb-469f-a165-70867728950e' })
  request_id!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty(INSTANT)
  since!: string;

  @ApiProperty({ enum: ['open', 'fulfilled'] })
  status!: 'open' | 'fulfilled';

  @ApiProperty({ example: 'user:7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  created_by!: string;

  @ApiProperty(INSTANT)
  created_at!: string;

  @ApiProperty({ ...INSTANT, nullable: true })
  fulfilled_at!: string | null;

  @ApiProperty({ description: 'Batches that named the request.' })
  batches!: number;

  @ApiProperty({ description: 'Logs in them that were new.' })
  stored!: number;

  @ApiProperty({ description: 'Logs in them that were there already.' })
  duplicates!: number;
}

export class AccessLogKeyResponse implements AccessLogKeyDto {
  @ApiProperty()
  key_id!: string;

  @ApiProperty({ enum: ['RSA-OAEP-SHA256+AES-256-GCM'] })
  algorithm!: 'RSA-OAEP-SHA256+AES-256-GCM';

  @ApiProperty({ description: 'SPKI PEM.' })
  public_key!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  jwk!: JsonObject;
}
