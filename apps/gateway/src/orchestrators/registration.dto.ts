import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { HEARTBEAT_INTERVAL_S, ORCHESTRATOR_CAPABILITIES, type OrchestratorRegistration } from '#libs/contracts';
import { NO_NUL } from '../http/storable.text.js';

const TOKEN_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_CAPABILITIES = 50;

/** What an orchestrator says of itself (orchestrators.txt 1). */
export class OrchestratorRegistrationRequest implements OrchestratorRegistration {
  @ApiProperty({ example: 'mall-a-uuid', pattern: TOKEN_ID.source })
  @Matches(TOKEN_ID)
  entity_id!: string;

  @ApiProperty({ example: 'orch-001', pattern: TOKEN_ID.source })
  @Matches(TOKEN_ID)
  orchestrator_id!: string;

  @ApiProperty({ example: '0.1.0' })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  version!: string;

  @ApiProperty({
    type: [String],
    example: [...ORCHESTRATOR_CAPABILITIES],
    description: `Known: ${ORCHESTRATOR_CAPABILITIES.join(', ')}. Others are kept as they are and change nothing.`,
    maxItems: MAX_CAPABILITIES,
  })
  @IsArray()
  @ArrayMaxSize(MAX_CAPABILITIES)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @Matches(NO_NUL, { each: true })
  capabilities!: string[];

  @ApiProperty({ example: '-----BEGIN PUBLIC KEY-----\n…', description: 'P-256 in SPKI PEM; its key signs the body.' })
  @IsString()
  @Length(1, 2_000)
  public_key!: string;

  @ApiProperty({
    example: HEARTBEAT_INTERVAL_S.usual,
    minimum: HEARTBEAT_INTERVAL_S.min,
    maximum: HEARTBEAT_INTERVAL_S.max,
    description: 'Seconds between two heartbeats.',
  })
  @IsInt()
  @Min(HEARTBEAT_INTERVAL_S.min)
  @Max(HEARTBEAT_INTERVAL_S.max)
  heartbeat_interval!: number;

  @ApiProperty({ example: 'https://orchestrator.mall-a.local:50051' })
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https', 'grpc', 'grpcs'] })
  @MaxLength(500)
  local_address!: string;

  @ApiPropertyOptional({ description: 'The one-time secret that opens the entity for enrolment.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(NO_NUL)
  enrolment_secret?: string;
}

/** Only what was said: an omitted secret is no secret. */
export function toRegistration(request: OrchestratorRegistrationRequest): OrchestratorRegistration {
  const { enrolment_secret, ...registration } = request;
  return { ...registration, ...(enrolment_secret && { enrolment_secret }) };
}

class SyncEndpoints {
  @ApiProperty({ example: 'https://muster.example.com/api/orchestrators/events' })
  events!: string;

  @ApiProperty({ example: 'https://muster.example.com/api/orchestrators/sync' })
  data_sync!: string;

  @ApiProperty({ example: 'https://muster.example.com/api/firmware' })
  firmware!: string;
}

export class OrchestratorRegistrationResponse {
  @ApiProperty()
  token!: string;

  @ApiProperty({ type: 'integer', example: 1_735_862_400, description: 'Unix seconds: the `exp` of the token.' })
  expires_at!: number;

  @ApiProperty({ example: 'orch-mall-a-001', description: 'The same for the same entity and requested id, always.' })
  assigned_id!: string;

  @ApiProperty({ type: SyncEndpoints })
  sync_endpoints!: SyncEndpoints;

  @ApiProperty({ description: 'True until it has read a full sync.' })
  initial_sync_required!: boolean;
}

export class TokenRefreshResponse {
  @ApiProperty({ description: 'The token to go on with: a new one, or the one shown while it is too early.' })
  token!: string;

  @ApiProperty({ type: 'integer', example: 1_767_916_800, description: 'Unix seconds: the `exp` of the token.' })
  expires_at!: number;

  @ApiProperty({ example: 'orch-mall-a-001' })
  assigned_id!: string;

  @ApiProperty({ example: true, description: 'Whether the token is a new one.' })
  refreshed!: boolean;

  @ApiProperty({ type: 'integer', description: 'Unix seconds from which a new token can be had for this one.' })
  refresh_from!: number;
}
