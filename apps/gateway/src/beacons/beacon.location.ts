import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsNumber, IsObject, IsOptional, IsString, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import type { JsonObject } from '#libs/contracts';
import { NO_NUL } from '../http/storable.text.js';

const MAX_COORDINATE = 1e9;

export class BeaconCoordinates {
  @ApiPropertyOptional({ example: 50 })
  @IsOptional()
  @IsNumber()
  @Min(-MAX_COORDINATE)
  @Max(MAX_COORDINATE)
  x?: number;

  @ApiPropertyOptional({ example: 50 })
  @IsOptional()
  @IsNumber()
  @Min(-MAX_COORDINATE)
  @Max(MAX_COORDINATE)
  y?: number;

  @ApiPropertyOptional({ example: 1.5 })
  @IsOptional()
  @IsNumber()
  @Min(-MAX_COORDINATE)
  @Max(MAX_COORDINATE)
  z?: number;

  @ApiPropertyOptional({ example: 'L1' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  floor?: string;
}

export class BeaconLocation {
  @ApiPropertyOptional({ example: 'area-gate-1' })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  area_id?: string;

  @ApiPropertyOptional({ type: BeaconCoordinates })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BeaconCoordinates)
  coordinates?: BeaconCoordinates;
}

/** Where a beacon is, as plain JSON. */
export function toLocation({ area_id, coordinates }: BeaconLocation): JsonObject {
  const { x, y, z, floor } = coordinates ?? {};
  return { ...(area_id && { area_id }), ...(coordinates && { coordinates: { x, y, z, floor } }) };
}
