import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { PRESENCES, type Presence, type RobotUpdate } from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';

const MAX_TAGS = 50;
const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
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

export class FleetListQuery extends pageQuery({ usual: 100, max: 1_000 }) {
  @ApiPropertyOptional({ example: 'warehouse', description: 'Robots with this tag.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  tag?: string;

  @ApiPropertyOptional({ enum: PRESENCES, description: 'Robots in this state of presence.' })
  @IsOptional()
  @IsIn(PRESENCES)
  presence?: Presence;

  @ApiPropertyOptional({
    description: 'Part of id, display name, model, vendor or serial number, in any case. Also named `search`, `text`.',
  })
  @AlsoNamed('search', 'text')
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(NO_NUL)
  q?: string;
}

export class HistoryQuery extends pageQuery({ usual: 50, max: 200 }) {}

export class CredentialsRequest {
  @ApiPropertyOptional({ enum: ['nats', 'http'], default: 'nats' })
  @IsOptional()
  @IsIn(['nats', 'http'])
  transport: 'nats' | 'http' = 'nats';

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Of a token: the entity that it works in.' })
  @IsOptional()
  @Matches(TOKEN_ID)
  entity_id?: string | null;
}

export class SettingsDesiredRequest {
  @ApiProperty({ type: 'object', additionalProperties: true, example: { speed: 2 } })
  @ValidateIf(() => false)
  payload: unknown;
}
