import { ApiProperty } from '@nestjs/swagger';
import {
  FIRMWARE_CHANNELS,
  FIRMWARE_DEVICE_TYPES,
  FIRMWARE_ERRORS,
  FIRMWARE_PRIORITIES,
  FIRMWARE_STATUSES,
  ROLLOUT_STRATEGIES,
  type CachedFirmwareDto,
  type FirmwareChannel,
  type FirmwareDeviceType,
  type FirmwareDto,
  type FirmwareError,
  type FirmwareKeyDto,
  type FirmwarePathDto,
  type FirmwarePriority,
  type FirmwareReportDto,
  type FirmwareStatus,
  type RolloutStrategy,
} from '#libs/contracts';

const TEXT = { type: String, nullable: true } as const;
const INSTANT = { format: 'date-time' } as const;
const CHECKSUM = { example: `sha256:${'0'.repeat(64)}` } as const;

export class FirmwareResponse implements FirmwareDto {
  @ApiProperty({ example: 'fw-beacon-v020' })
  firmware_id!: string;

  @ApiProperty({ example: '0.2.0' })
  version!: string;

  @ApiProperty({ example: 'esp32c3' })
  target!: string;

  @ApiProperty({ enum: FIRMWARE_DEVICE_TYPES })
  device_type!: FirmwareDeviceType;

  @ApiProperty({ enum: FIRMWARE_CHANNELS })
  channel!: FirmwareChannel;

  @ApiProperty(INSTANT)
  release_date!: string;

  @ApiProperty({ example: 524_288 })
  size_bytes!: number;

  @ApiProperty(CHECKSUM)
  checksum!: string;

  @ApiProperty()
  download_url!: string;

  @ApiProperty({ description: 'A copy: on a CDN where there is one.' })
  fallback_url!: string;

  @ApiProperty(TEXT)
  release_notes!: string | null;

  @ApiProperty({ type: [String] })
  changelog!: readonly string[];

  @ApiProperty({ type: [String], example: ['esp32c3-rev3'] })
  compatible_hardware!: readonly string[];

  @ApiProperty({ ...TEXT, example: '0.1.5' })
  min_previous_version!: string | null;

  @ApiProperty({ description: 'ECDSA P-256 over SHA-256 of the file, DER, base64.' })
  signature!: string;

  @ApiProperty({ description: 'Which key of /.well-known/firmware-keys.json.' })
  signing_key_id!: string;

  @ApiProperty({ enum: ROLLOUT_STRATEGIES })
  rollout_strategy!: RolloutStrategy;

  @ApiProperty({ enum: FIRMWARE_PRIORITIES })
  priority!: FirmwarePriority;

  @ApiProperty(TEXT)
  rollout_id!: string | null;

  @ApiProperty(TEXT)
  description!: string | null;

  @ApiProperty(TEXT)
  git_commit!: string | null;

  @ApiProperty({ type: String, ...INSTANT, nullable: true, description: 'Since when it is offered no more.' })
  withdrawn_at!: string | null;
}

export class CachedFirmwareResponse implements CachedFirmwareDto {
  @ApiProperty({ enum: [true] })
  cached!: true;

  @ApiProperty({ example: 'fw-beacon-v020' })
  firmware_id!: string;

  @ApiProperty(INSTANT)
  expires_at!: string;
}

class FirmwareStepResponse {
  @ApiProperty()
  firmware_id!: string;

  @ApiProperty({ example: '0.1.5' })
  version!: string;

  @ApiProperty(TEXT)
  min_previous_version!: string | null;

  @ApiProperty()
  download_url!: string;
}

export class FirmwarePathResponse implements FirmwarePathDto {
  @ApiProperty({ example: 'esp32c3' })
  target!: string;

  @ApiProperty({ enum: FIRMWARE_DEVICE_TYPES })
  device_type!: FirmwareDeviceType;

  @ApiProperty({ enum: FIRMWARE_CHANNELS })
  channel!: FirmwareChannel;

  @ApiProperty({ example: '0.1.2' })
  from!: string;

  @ApiProperty({ ...TEXT, example: '0.2.0', description: 'The best version that can be reached; null: none above.' })
  reaches!: string | null;

  @ApiProperty({ type: [FirmwareStepResponse], description: 'To be taken in this order.' })
  steps!: readonly FirmwareStepResponse[];
}

class FirmwareKeyResponse implements FirmwareKeyDto {
  @ApiProperty()
  kid!: string;

  @ApiProperty({ example: 'EC' })
  kty!: string;

  @ApiProperty({ example: 'P-256' })
  crv!: string;

  @ApiProperty()
  x!: string;

  @ApiProperty()
  y!: string;

  @ApiProperty({ enum: ['ES256'] })
  alg!: 'ES256';

  @ApiProperty({ enum: ['sig'] })
  use!: 'sig';

  @ApiProperty({ description: 'The same key, SPKI PEM.' })
  pem!: string;
}

export class FirmwareKeysResponse {
  @ApiProperty({ type: [FirmwareKeyResponse] })
  keys!: readonly FirmwareKeyResponse[];
}

export class FirmwareStatusResponse {
  @ApiProperty({ enum: [true] })
  acknowledged!: true;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;
}

export class FirmwareReportResponse implements FirmwareReportDto {
  @ApiProperty()
  entity_id!: string;

  @ApiProperty()
  beacon_id!: string;

  @ApiProperty()
  firmware_id!: string;

  @ApiProperty(TEXT)
  rollout_id!: string | null;

  @ApiProperty({ enum: FIRMWARE_STATUSES })
  status!: FirmwareStatus;

  @ApiProperty({ description: 'Which try of this beacon with this firmware.' })
  attempt!: number;

  @ApiProperty({ description: 'Whether it moved the update on; a late or repeated one does not.' })
  applied!: boolean;

  @ApiProperty(TEXT)
  previous_version!: string | null;

  @ApiProperty(TEXT)
  new_version!: string | null;

  @ApiProperty({ ...INSTANT, description: 'The device’s clock.' })
  updated_at!: string;

  @ApiProperty({ ...INSTANT, description: 'This platform’s clock.' })
  received_at!: string;

  @ApiProperty({ type: Number, nullable: true })
  duration_seconds!: number | null;

  @ApiProperty({ enum: FIRMWARE_ERRORS, nullable: true })
  error!: FirmwareError | null;

  @ApiProperty(TEXT)
  error_message!: string | null;
}
