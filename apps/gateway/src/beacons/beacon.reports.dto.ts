import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import {
  BEACON_METRICS,
  type BeaconHeartbeat,
  type BeaconMetrics,
  type BeaconRegistration,
  isDeviceId,
  isTokenId,
  parseInstant,
} from '#libs/contracts';
import { IsInstant } from '../http/instant.field.js';
import { BeaconLocation, toLocation } from './beacon.location.js';
import { NO_NUL } from '../http/storable.text.js';

const MAX_METRIC = 1e15;
const nullable = { nullable: true } as const;

/** Numbers in a wide range, or null. */
const Reading = (description: string): PropertyDecorator => {
  const checks = [
    ApiPropertyOptional({ type: Number, ...nullable, description }),
    IsOptional(),
    IsNumber(),
    Min(-MAX_METRIC),
    Max(MAX_METRIC),
  ];
  return (target, key) => checks.forEach((check) => check(target, key));
};

/** A device's id: an even number of hex digits, 4 to 64, read in lower case. */
export const IsDeviceId = (): PropertyDecorator => {
  const lower = Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value));
  const check = ValidateBy({
    name: 'isDeviceId',
    validator: {
      validate: isDeviceId,
      defaultMessage: () => 'device_id must be an even number of hex digits, 4 to 64',
    },
  });
  return (target, key) => [lower, check].forEach((each) => each(target, key));
};

export const IsTokenId = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTokenId',
    validator: {
      validate: isTokenId,
      defaultMessage: (check) => `${check?.property ?? 'it'} must be 1 to 64 letters, digits, "_" or "-"`,
    },
  });

/** A beacon as it introduces itself (orchestrators.txt 6.1). */
export class BeaconRegisterRequest {
  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'The entity of the token.' })
  @IsOptional()
  @IsTokenId()
  entity_id?: string;

  @ApiProperty({ example: 'aabbccddeeff00112233' })
  @IsDeviceId()
  device_id!: string;

  @ApiProperty({
    example: 'turnstile',
    description: 'merchant, hospital, campus, transport, turnstile or another kind.',
  })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  device_type!: string;

  @ApiPropertyOptional({ type: [String], example: ['unlock_gate', 'environmental_data'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @Matches(NO_NUL, { each: true })
  capabilities?: string[];

  @ApiProperty({ description: 'P-256 as SPKI PEM.', example: '-----BEGIN PUBLIC KEY-----\n…' })
  @IsString()
  @Length(1, 2_048)
  public_key!: string;

  @ApiProperty({ example: '0.1.8' })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  firmware_version!: string;

  @ApiProperty({ example: 'esp32c3-rev3' })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  hardware_revision!: string;

  @ApiPropertyOptional({ type: BeaconLocation, ...nullable })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BeaconLocation)
  location?: BeaconLocation | null;

  @ApiPropertyOptional({ example: '2025-01-08T10:00:00Z', ...nullable })
  @IsOptional()
  @IsInstant()
  registered_at?: string | null;
}

export function toRegistration(request: BeaconRegisterRequest): BeaconRegistration {
  const { location, registered_at: registeredAt } = request;
  return {
    device_id: request.device_id,
    device_type: request.device_type,
    capabilities: request.capabilities ?? [],
    public_key: request.public_key,
    firmware_version: request.firmware_version,
    hardware_revision: request.hardware_revision,
    location: location ? toLocation(location) : null,
    registered_at: registeredAt ? toInstant(registeredAt) : null,
  };
}

export class BeaconMetricsRequest {
  @Reading('Unlocks tried in 24 hours.')
  unlock_attempts_24h?: number | null;

  @Reading('Those that succeeded.')
  successful_unlocks_24h?: number | null;

  @Reading('Those that failed.')
  failed_unlocks_24h?: number | null;

  @Reading('Degrees Celsius.')
  temperature_celsius?: number | null;

  @Reading('Relative humidity, percent.')
  humidity_percent?: number | null;

  @Reading('Free memory, bytes.')
  free_heap_bytes?: number | null;
}

/** A sign of life (orchestrators.txt 6.2). */
export class BeaconHeartbeatRequest {
  @ApiProperty({ example: 'beacon-gate-5' })
  @IsTokenId()
  beacon_id!: string;

  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'The entity of the token.' })
  @IsOptional()
  @IsTokenId()
  entity_id?: string;

  @ApiProperty({ example: 'online', description: 'online, offline, low_battery, error or another word.' })
  @IsString()
  @Length(1, 32)
  @Matches(NO_NUL)
  status!: string;

  @ApiPropertyOptional({ example: 86_400, ...nullable })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_METRIC)
  uptime_seconds?: number | null;

  @ApiPropertyOptional({ type: Number, example: null, ...nullable, description: 'Null for a beacon on mains.' })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  battery_percent?: number | null;

  @ApiPropertyOptional({ example: '0.2.0', ...nullable })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  firmware_version?: string | null;

  @ApiPropertyOptional({ type: BeaconMetricsRequest, ...nullable })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BeaconMetricsRequest)
  metrics?: BeaconMetricsRequest | null;

  @ApiProperty({ example: '2025-01-08T11:00:00Z', description: 'The beacon’s clock: the newest wins.' })
  @IsInstant()
  timestamp!: string;
}

export function toHeartbeat(request: BeaconHeartbeatRequest): BeaconHeartbeat {
  return {
    beacon_id: request.beacon_id,
    status: request.status,
    uptime_seconds: request.uptime_seconds ?? null,
    battery_percent: request.battery_percent ?? null,
    firmware_version: request.firmware_version ?? null,
    metrics: toMetrics(request.metrics),
    timestamp: toInstant(request.timestamp),
  };
}

/** The documented readings that were given. */
function toMetrics(metrics: BeaconMetricsRequest | null | undefined): BeaconMetrics {
  const given = BEACON_METRICS.map((name) => [name, metrics?.[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

const toInstant = (text: string): string => new Date(parseInstant(text)).toISOString();
