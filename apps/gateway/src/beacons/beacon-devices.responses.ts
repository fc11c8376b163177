import { ApiProperty } from '@nestjs/swagger';
import {
  BEACON_PRESENCES,
  type BeaconDeviceDetail,
  type BeaconDeviceDto,
  type BeaconMetrics,
  type BeaconPresence,
  type JsonObject,
  type QueuedBeaconCommand,
  type UnlockChallengeDto,
} from '#libs/contracts';
import { BeaconCommandResponse } from './beacon.reports.responses.js';

const INSTANT = { type: String, format: 'date-time' } as const;
const OBJECT = { type: 'object', additionalProperties: true } as const;
const nullable = { nullable: true } as const;

export class BeaconDeviceResponse implements BeaconDeviceDto {
  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ example: 'aabbccddeeff00112233' })
  device_id!: string;

  @ApiProperty({ example: 'turnstile' })
  device_type!: string;

  @ApiProperty({ type: [String], example: ['unlock_gate'] })
  capabilities!: readonly string[];

  @ApiProperty()
  approved!: boolean;

  @ApiProperty({ description: 'Whether it came back with another key, which approving it would pin.' })
  key_change_pending!: boolean;

  @ApiProperty({ type: String, ...nullable, example: '0.2.0' })
  firmware_version!: string | null;

  @ApiProperty({ type: String, ...nullable, example: 'esp32c3-rev3' })
  hardware_revision!: string | null;

  @ApiProperty({ ...OBJECT, ...nullable, example: { area_id: 'area-gate-1' } })
  location!: JsonObject | null;

  @ApiProperty({ enum: BEACON_PRESENCES })
  presence!: BeaconPresence;

  @ApiProperty({ type: String, ...nullable, example: 'online' })
  status!: string | null;

  @ApiProperty({ type: Number, ...nullable, example: 86_400 })
  uptime_seconds!: number | null;

  @ApiProperty({ type: Number, ...nullable })
  battery_percent!: number | null;

  @ApiProperty({ ...OBJECT, example: { temperature_celsius: 28.5 } })
  metrics!: BeaconMetrics;

  @ApiProperty({ ...INSTANT, ...nullable, description: 'The beacon’s clock.' })
  reported_at!: string | null;

  @ApiProperty({ ...INSTANT, ...nullable, description: 'The platform’s clock.' })
  last_seen_at!: string | null;

  @ApiProperty({ ...INSTANT, ...nullable })
  registered_at!: string | null;

  @ApiProperty(INSTANT)
  created_at!: string;

  @ApiProperty(INSTANT)
  updated_at!: string;
}

export class QueuedBeaconCommandResponse implements QueuedBeaconCommand {
  @ApiProperty({ format: 'uuid' })
  command_id!: string;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ type: BeaconCommandResponse })
  command!: BeaconCommandResponse;

  @ApiProperty({ example: 'user:7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  queued_by!: string;

  @ApiProperty(INSTANT)
  queued_at!: string;

  @ApiProperty({ ...INSTANT, ...nullable, description: 'When it was first in an answer to a heartbeat.' })
  sent_at!: string | null;

  @ApiProperty(INSTANT)
  expires_at!: string;
}

export class BeaconDeviceDetailResponse extends BeaconDeviceResponse implements BeaconDeviceDetail {
  @ApiProperty({ description: 'The pinned key, SPKI PEM.' })
  public_key!: string;

  @ApiProperty({ type: String, ...nullable, description: 'The key that waits for approval.' })
  pending_public_key!: string | null;

  @ApiProperty({ type: [QueuedBeaconCommandResponse], description: 'Commands that wait or are not confirmed yet.' })
  commands!: readonly QueuedBeaconCommandResponse[];
}

export class UnlockChallengeResponse implements UnlockChallengeDto {
  @ApiProperty({ format: 'uuid' })
  unlock_id!: string;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ description: '16 bytes in hex.', example: '000102030405060708090a0b0c0d0e0f' })
  nonce!: string;

  @ApiProperty({ description: 'Unix seconds.', example: 1_736_330_400 })
  timestamp!: number;

  @ApiProperty({ description: 'Unix seconds.', example: 1_736_330_460 })
  expires_at!: number;

  @ApiProperty({ description: 'r‖s in base64 over nonce and timestamp (docs/beacon-authentication.md).' })
  server_signature!: string;

  @ApiProperty({ description: 'The key of /.well-known/beacon-keys.json that signed.' })
  key_id!: string;
}
