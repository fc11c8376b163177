import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import type { BeaconChallengeDto, BeaconKeyDto, JsonObject } from '#libs/contracts';
import { IsDeviceId, IsTokenId } from './beacon.reports.dto.js';

export class BeaconChallengeRequest {
  @ApiProperty({ example: 'mall-a-uuid' })
  @IsTokenId()
  entity_id!: string;

  @ApiProperty({ example: 'aabbccddeeff00112233' })
  @IsDeviceId()
  device_id!: string;
}

export class BeaconTokenRequest extends BeaconChallengeRequest {
  @ApiProperty({ example: '000102030405060708090a0b0c0d0e0f' })
  @IsString()
  @Length(32, 32)
  nonce!: string;

  @ApiProperty({ description: 'Of the challenge, Unix seconds.', example: 1_736_330_400 })
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  timestamp!: number;

  @ApiProperty({ description: 'ECDSA P-256 with SHA-256, r‖s or DER, in base64, base64url or hex.' })
  @IsString()
  @Length(1, 200)
  signature!: string;
}

/** What the service is asked: the fields and nothing else. */
export function toProof({ entity_id, device_id, nonce, timestamp, signature }: BeaconTokenRequest) {
  return { entity_id, device_id, nonce, timestamp, signature };
}

export class BeaconChallengeResponse implements BeaconChallengeDto {
  @ApiProperty({ description: '16 bytes in hex.', example: '000102030405060708090a0b0c0d0e0f' })
  nonce!: string;

  @ApiProperty({ description: 'Unix seconds.' })
  timestamp!: number;

  @ApiProperty({ description: 'Unix seconds.' })
  expires_at!: number;

  @ApiProperty({ enum: ['ECDSA-P256-SHA256'] })
  algorithm!: 'ECDSA-P256-SHA256';
}

export class BeaconTokenResponse {
  @ApiProperty()
  token!: string;

  @ApiProperty({ description: 'Unix seconds.' })
  expires_at!: number;

  @ApiProperty({ example: 'beacon-gate-5' })
  beacon_id!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;
}

export class BeaconKeyResponse implements BeaconKeyDto {
  @ApiProperty()
  key_id!: string;

  @ApiProperty({ enum: ['ECDSA-P256-SHA256'] })
  algorithm!: 'ECDSA-P256-SHA256';

  @ApiProperty({ description: 'SPKI PEM.' })
  public_key!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  jwk!: JsonObject;
}
