import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import {
  BEACON_COMMANDS,
  BEACON_PRESENCES,
  type BeaconCommand,
  type BeaconPresence,
  FIRMWARE_PRIORITIES,
  type FirmwarePriority,
  type JsonObject,
  UNLOCK_TYPES,
  type UnlockType,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { NO_NUL } from '../http/storable.text.js';

const FLAGS = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
]);
const MAX_COMMAND_LIFE_S = 30 * 86_400;

export class BeaconDeviceListQuery extends pageQuery({ usual: 100, max: 1_000 }) {
  @ApiPropertyOptional({ enum: BEACON_PRESENCES, description: 'Only beacons that are there, or are not.' })
  @IsOptional()
  @IsIn(BEACON_PRESENCES)
  presence?: BeaconPresence;

  @ApiPropertyOptional({ type: Boolean, description: 'false: those that wait for approval.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => FLAGS.get(value) ?? value)
  @IsBoolean()
  approved?: boolean;

  @ApiPropertyOptional({ example: '0.1.8', description: 'Only beacons that run this version.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  firmware_version?: string;

  @ApiPropertyOptional({
    description: 'Part of the beacon’s or the device’s id, in any case. Also named `search`, `text`.',
  })
  @AlsoNamed('search', 'text')
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  q?: string;
}

export class BeaconCommandRequest {
  @ApiProperty({ example: 'firmware_update', description: `One of ${BEACON_COMMANDS.join(', ')}, or another one.` })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  type!: string;

  @ApiPropertyOptional({ example: 'fw-beacon-v021', description: 'Needed for `firmware_update`.' })
  @ValidateIf(({ type, firmware_id }: BeaconCommandRequest) => type === 'firmware_update' || firmware_id !== undefined)
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  firmware_id?: string;

  @ApiPropertyOptional({ enum: FIRMWARE_PRIORITIES })
  @IsOptional()
  @IsIn(FIRMWARE_PRIORITIES)
  priority?: FirmwarePriority;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'What else the command needs.' })
  @IsOptional()
  @IsObject()
  payload?: JsonObject;

  @ApiPropertyOptional({ default: 604_800, minimum: 1, maximum: MAX_COMMAND_LIFE_S })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_COMMAND_LIFE_S)
  expires_in_seconds?: number;
}

/** The command as the beacon gets it: only what was said. */
export function toBeaconCommand({ type, firmware_id, priority, payload }: BeaconCommandRequest): BeaconCommand {
  return {
    type,
    ...(firmware_id === undefined ? {} : { firmware_id }),
    ...(priority ? { priority } : {}),
    ...(payload ? { payload } : {}),
  };
}

export class UnlockChallengeRequest {
  @ApiPropertyOptional({ example: 'mobile-abc', description: 'The phone.' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  device_id?: string;

  @ApiPropertyOptional({ enum: UNLOCK_TYPES, default: 'ble' })
  @IsOptional()
  @IsIn(UNLOCK_TYPES)
  type?: UnlockType;
}
