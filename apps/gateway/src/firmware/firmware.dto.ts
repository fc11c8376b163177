import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import {
  FIRMWARE_CHANNELS,
  FIRMWARE_DEVICE_TYPES,
  type FirmwareChannel,
  type FirmwareDeviceType,
  type FirmwareQuery,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';
import { AlsoNamed } from '../http/query.names.js';
import { IsTokenId, TARGET } from './upload.dto.js';

/** A flag in a query. */
const Flag = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => FLAGS.get(typeof value === 'string' ? value : '') ?? value);
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** Which kind of device, beside its target. */
export class DeviceQuery {
  @ApiPropertyOptional({ enum: FIRMWARE_DEVICE_TYPES, default: 'beacon', description: 'Kind of device.' })
  @IsOptional()
  @IsIn(FIRMWARE_DEVICE_TYPES)
  device_type: FirmwareDeviceType = 'beacon';

  @ApiPropertyOptional({ enum: FIRMWARE_CHANNELS, default: 'stable', description: 'Channel of the releases.' })
  @IsOptional()
  @IsIn(FIRMWARE_CHANNELS)
  channel: FirmwareChannel = 'stable';
}

export class LatestQuery extends DeviceQuery {
  @ApiProperty({ example: 'esp32c3', description: 'Also named `device`.' })
  @AlsoNamed('device')
  @Matches(TARGET)
  target!: string;
}

export class PathQuery extends LatestQuery {
  @ApiProperty({ example: '0.1.2', description: 'The version that the device runs.' })
  @IsString()
  @Length(5, 64)
  from!: string;

  @ApiPropertyOptional({ example: 'esp32c3-rev3', description: 'Only steps that run on this revision.' })
  @AlsoNamed('hardware_revision')
  @IsOptional()
  @Matches(TARGET)
  hardware?: string;
}

export class FirmwareListQuery extends pageQuery({ usual: 50, max: 100 }) {
  @ApiPropertyOptional({ example: 'esp32c3', description: 'Also named `device`.' })
  @AlsoNamed('device')
  @IsOptional()
  @Matches(TARGET)
  target?: string;

  @ApiPropertyOptional({ enum: FIRMWARE_DEVICE_TYPES, description: 'Kind of device.' })
  @IsOptional()
  @IsIn(FIRMWARE_DEVICE_TYPES)
  device_type?: FirmwareDeviceType;

  @ApiPropertyOptional({ enum: FIRMWARE_CHANNELS, description: 'Channel of the releases.' })
  @IsOptional()
  @IsIn(FIRMWARE_CHANNELS)
  channel?: FirmwareChannel;

  @ApiPropertyOptional({ example: '0.2.0', description: 'This version alone.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  version?: string;

  @ApiPropertyOptional({ description: 'Only the highest version of each target, device type and channel.' })
  @Flag()
  @IsOptional()
  @IsBoolean()
  latest_only?: boolean;

  @ApiPropertyOptional({ description: 'Those too that are offered no more.' })
  @Flag()
  @IsOptional()
  @IsBoolean()
  include_withdrawn?: boolean;
}

export function toFirmwareQuery(query: FirmwareListQuery): FirmwareQuery {
  const { limit, after, target, device_type, channel, version, latest_only, include_withdrawn } = query;
  return {
    limit,
    ...(after === undefined ? {} : { after }),
    ...(target === undefined ? {} : { target }),
    ...(device_type === undefined ? {} : { device_type }),
    ...(channel === undefined ? {} : { channel }),
    ...(version === undefined ? {} : { version }),
    ...(latest_only === undefined ? {} : { latest_only }),
    ...(include_withdrawn === undefined ? {} : { include_withdrawn }),
  };
}

export class ReportsQuery extends pageQuery({ usual: 100, max: 200 }) {
  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'Beacons of this entity.' })
  @IsOptional()
  @IsTokenId()
  entity_id?: string;

  @ApiPropertyOptional({ example: 'beacon-gate-5', description: 'This beacon alone.' })
  @IsOptional()
  @IsTokenId()
  beacon_id?: string;
}
