import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type ChangeDto,
  type EnrolmentSecretDto,
  type EntityCreatedDto,
  type EntityDto,
  type GeoPoint,
  type JsonObject,
  RECORD_OPERATIONS,
  RECORD_TYPES,
  type RecordOperation,
  type RecordType,
} from '#libs/contracts';

const TEXT = { type: String, nullable: true } as const;
const NUMBER = { type: Number, nullable: true } as const;
const POINT = { type: 'array', items: { type: 'number' }, nullable: true, example: [121.47, 31.23] } as const;
const INSTANT = { format: 'date-time' } as const;

export class EntityResponse implements EntityDto {
  @ApiProperty({ example: 'mall-a' })
  entity_id!: string;

  @ApiProperty({ example: 'Mall A' })
  name!: string;

  @ApiProperty({ ...TEXT, example: 'mall' })
  type!: string | null;

  @ApiProperty(TEXT)
  description!: string | null;

  @ApiProperty(POINT)
  point_min!: GeoPoint | null;

  @ApiProperty(POINT)
  point_max!: GeoPoint | null;

  @ApiProperty(NUMBER)
  altitude_min!: number | null;

  @ApiProperty(NUMBER)
  altitude_max!: number | null;

  @ApiProperty(TEXT)
  nation!: string | null;

  @ApiProperty(TEXT)
  region!: string | null;

  @ApiProperty(TEXT)
  city!: string | null;

  @ApiProperty({ type: [String], nullable: true })
  tags!: readonly string[] | null;

  @ApiProperty({ description: 'The number of the last change of its records; 0 before the first.' })
  last_sequence!: number;

  @ApiProperty({ ...INSTANT, description: 'When that was.' })
  records_updated_at!: string;

  @ApiProperty(INSTANT)
  created_at!: string;

  @ApiProperty(INSTANT)
  updated_at!: string;
}

export class EntityCreatedResponse extends EntityResponse implements EntityCreatedDto {
  @ApiProperty({ ...TEXT, description: 'Shown this once; null when a public key was given instead.' })
  enrolment_secret!: string | null;
}

export class EnrolmentSecretResponse implements EnrolmentSecretDto {
  @ApiProperty({ example: 'mall-a' })
  entity_id!: string;

  @ApiProperty({ description: 'Shown this once; the one before is worth nothing now.' })
  enrolment_secret!: string;
}

/** A record as it goes out; beside these it has the fields that it was given. */
export class RecordResponse {
  [field: string]: unknown;

  @ApiProperty({ example: 'area-1' })
  id!: string;

  @ApiPropertyOptional({ example: 'Food court' })
  name?: string;

  @ApiProperty(INSTANT)
  created_at!: string;

  @ApiProperty(INSTANT)
  updated_at!: string;

  @ApiProperty({ description: 'SHA-256 of the record’s canonical JSON (RFC 8785) without this field.' })
  checksum!: string;
}

export class ChangeResponse implements ChangeDto {
  @ApiProperty({ description: 'Counts the changes of the entity from 1.' })
  sequence!: number;

  @ApiProperty({ enum: Object.values(RECORD_TYPES) })
  type!: RecordType;

  @ApiProperty({ enum: RECORD_OPERATIONS })
  operation!: RecordOperation;

  @ApiProperty({ example: 'area-1' })
  id!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'The record as it was then; absent when it was deleted.',
    example: { id: 'area-1', name: 'Food court' },
  })
  data?: JsonObject;

  @ApiProperty(INSTANT)
  updated_at!: string;
}
