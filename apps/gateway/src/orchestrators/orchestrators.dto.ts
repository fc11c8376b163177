import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import {
  MusterError,
  ORCHESTRATOR_COMMANDS,
  ORCHESTRATOR_PRESENCES,
  type OrchestratorCommandType,
  type OrchestratorDto,
  type OrchestratorHeartbeat,
  type OrchestratorPage,
  type OrchestratorPresence,
} from '#libs/contracts';
import { pageQuery } from '../http/page.query.js';

const MAX_COMMAND_CHARACTERS = 16_384;
const nullable = { nullable: true } as const;

export class OrchestratorListQuery extends pageQuery({ usual: 100, max: 1_000 }) {}

/** The type, and beside it whatever the type needs. */
export class OrchestratorCommandRequest {
  [field: string]: unknown;

  @ApiProperty({ enum: ORCHESTRATOR_COMMANDS })
  @IsIn(ORCHESTRATOR_COMMANDS)
  type!: OrchestratorCommandType;
}

/** The fields beside the type, as they came: the pipe keeps the declared ones alone. */
export function commandBodyOf(body: unknown): Readonly<Record<string, unknown>> {
  const given = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const { type: _type, command_id: _id, ...fields } = Object.fromEntries(given);
  if (JSON.stringify(fields).length <= MAX_COMMAND_CHARACTERS) return fields;
  throw new MusterError('PAYLOAD_TOO_LARGE', `A command has at most ${MAX_COMMAND_CHARACTERS} characters.`);
}

export class OrchestratorResponse implements OrchestratorDto {
  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ example: 'orch-001', description: 'The id that it asked for.' })
  orchestrator_id!: string;

  @ApiProperty({ example: 'orch-mall-a-001' })
  assigned_id!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({ type: [String] })
  capabilities!: readonly string[];

  @ApiProperty({ example: 'https://orchestrator.mall-a.local:50051' })
  local_address!: string;

  @ApiProperty({ type: 'integer', description: 'Seconds.' })
  heartbeat_interval!: number;

  @ApiProperty({ enum: ORCHESTRATOR_PRESENCES })
  presence!: OrchestratorPresence;

  @ApiProperty({ type: String, format: 'date-time', ...nullable })
  presence_changed_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time', ...nullable })
  last_heartbeat_at!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, ...nullable })
  last_heartbeat!: OrchestratorHeartbeat | null;

  @ApiProperty({ type: String, example: 'evt-123456', ...nullable })
  last_event_id!: string | null;

  @ApiProperty({ type: String, format: 'date-time', ...nullable })
  last_event_at!: string | null;

  @ApiProperty({ format: 'date-time', description: 'Its newest registration.' })
  registered_at!: string;

  @ApiProperty({ description: 'False once it was reset.' })
  is_active!: boolean;

  @ApiProperty({ type: String, format: 'date-time', ...nullable })
  token_expires_at!: string | null;

  @ApiProperty({ type: String, description: 'SHA-256 of the pinned key (SPKI, DER) in hex.', ...nullable })
  key_fingerprint!: string | null;

  @ApiProperty({ type: String, format: 'date-time', ...nullable })
  synced_at!: string | null;

  @ApiProperty()
  initial_sync_required!: boolean;
}

export class OrchestratorPageResponse implements OrchestratorPage {
  @ApiProperty({ type: [OrchestratorResponse] })
  orchestrators!: readonly OrchestratorResponse[];

  @ApiProperty({ type: String, ...nullable, description: 'Send it as `after`; null on the last page.' })
  next!: string | null;
}

export class OrchestratorResetResponse {
  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ description: 'Opens the entity for one registration; shown this once.' })
  enrolment_secret!: string;
}
