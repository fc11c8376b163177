import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { PRESENCES, type Presence, type RobotUpdate } from '#libs/contracts';

/** Postgres stores no NUL in a text. */
const NO_NUL = /^[^\0]*$/;
const MAX_TAGS = 50;
const nullable = { nullable: true } as const;

/** What people say about a robot. Omitted stays, null clears (decision B10); anything else in the body is ignored. */
export class RobotUpdateRequest {
  @ApiPropertyOptional({ example: 'Dock bot', minLength: 1, maxLength: 200 })
  @ValidateIf(({ displayName }: RobotUpdateRequest) => displayName !== undefined)
  @IsString()
  @Length(1, 200)
  @Matches(NO_NUL)
  displayName?: string;

  @ApiPropertyOptional({ description: 'Whether commands may be sent to it.' })
  @ValidateIf(({ isEnabled }: RobotUpdateRequest) => isEnabled !== undefined)
  @IsBoolean()
  isEnabled?: boolean;

  @ApiPropertyOptional({ type: [String], ...nullable, example: ['warehouse', 'floor-2'], maxItems: MAX_TAGS })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @Matches(NO_NUL, { each: true })
  tags?: string[] | null;

  @ApiPropertyOptional({ type: String, ...nullable, example: 'Left wheel squeaks.', maxLength: 4_000 })
  @IsOptional()
  @IsString()
  @MaxLength(4_000)
  @Matches(NO_NUL)
  notes?: string | null;

  @ApiPropertyOptional({ type: String, ...nullable, example: 'map-1', maxLength: 128 })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  @Matches(NO_NUL)
  mapId?: string | null;

  @ApiPropertyOptional({ type: String, ...nullable, example: 'dock-3', maxLength: 128 })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  @Matches(NO_NUL)
  homeStationId?: string | null;
}

/** Only what was said: an omitted field is not a field with the value undefined. */
export function toRobotUpdate(request: RobotUpdateRequest): RobotUpdate {
  const { displayName, isEnabled, tags, notes, mapId, homeStationId } = request;
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(isEnabled === undefined ? {} : { isEnabled }),
    ...(tags === undefined ? {} : { tags }),
    ...(notes === undefined ? {} : { notes }),
    ...(mapId === undefined ? {} : { mapId }),
    ...(homeStationId === undefined ? {} : { homeStationId }),
  };
}

export class FleetListQuery {
  @ApiPropertyOptional({ default: 100, minimum: 1, maximum: 1_000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit = 100;

  @ApiPropertyOptional({ description: 'The X-Next-Cursor of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(NO_NUL)
  after?: string;

  @ApiPropertyOptional({ example: 'warehouse' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  tag?: string;

  @ApiPropertyOptional({ enum: PRESENCES })
  @IsOptional()
  @IsIn(PRESENCES)
  presence?: Presence;

  @ApiPropertyOptional({ description: 'Part of id, display name, model, vendor or serial number, in any case.' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(NO_NUL)
  q?: string;
}

export class HistoryQuery {
  @ApiPropertyOptional({ default: 50, minimum: 1, maximum: 200 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;

  @ApiPropertyOptional({ description: 'The X-Next-Cursor of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(NO_NUL)
  after?: string;
}

export class CredentialsRequest {
  @ApiPropertyOptional({ enum: ['nats'], default: 'nats' })
  @IsOptional()
  @IsIn(['nats'])
  transport = 'nats';
}

export class SettingsDesiredRequest {
  @ApiProperty({ type: 'object', additionalProperties: true, example: { speed: 2 } })
  @ValidateIf(() => false)
  payload: unknown;
}
