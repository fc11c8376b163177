import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { HEARTBEAT_INTERVAL_S, ORCHESTRATOR_COMMANDS, type OrchestratorHeartbeat } from '#libs/contracts';
import { NO_NUL } from '../http/storable.text.js';

const MAX_COUNT = 1_000_000_000;
const MAX_ACKS = 1_000;

const Count =
  (description: string): PropertyDecorator =>
  (target, key) => {
    ApiPropertyOptional({ type: 'integer', minimum: 0, description })(target, key);
    IsOptional()(target, key);
    IsInt()(target, key);
    Min(0)(target, key);
    Max(MAX_COUNT)(target, key);
  };

/** A heartbeat as the documents show it (7.2), and what it may acknowledge. */
export class OrchestratorHeartbeatRequest {
  @ApiProperty({ example: 'orch-mall-a-001', description: 'The assigned id, or the one asked for at registration.' })
  @IsString()
  @Length(1, 64)
  orchestrator_id!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  @IsString()
  @Length(1, 64)
  entity_id!: string;

  @ApiProperty({ example: 'healthy' })
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  status!: string;

  @ApiPropertyOptional({ example: '0.1.0' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  @Matches(NO_NUL)
  version?: string;

  @ApiPropertyOptional({ example: 86_400 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  uptime_seconds?: number;

  @Count('Robots that are connected to it.')
  connected_robots?: number;

  @Count('Tasks under way.')
  active_tasks?: number;

  @Count('Tasks that wait for a robot.')
  pending_tasks?: number;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { cpu_percent: 25.5, memory_used_mb: 512, disk_used_gb: 2.5, cache_size_mb: 100 },
  })
  @IsOptional()
  @IsObject()
  metrics?: Record<string, unknown>;

  @ApiPropertyOptional({ example: '2025-01-08T11:00:00Z', description: 'Its own clock; liveness is counted by ours.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(NO_NUL)
  timestamp?: string;

  @ApiPropertyOptional({ type: [String], example: ['evt-123456'], description: 'Events that were taken.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ACKS)
  @IsString({ each: true })
  acked_event_ids?: string[];

  @ApiPropertyOptional({
    type: [String],
    description:
      'Commands that were taken. An orchestrator that sends this, even empty, gets a command until it is in the list; ' +
      'another one gets each command three times.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ACKS)
  @IsString({ each: true })
  acked_command_ids?: string[];
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

/** What is kept of a heartbeat: only what was said. */
export function toHeartbeat(request: OrchestratorHeartbeatRequest): OrchestratorHeartbeat {
  const { status, version, uptime_seconds, connected_robots, active_tasks, pending_tasks, metrics, timestamp } =
    request;
  return {
    status,
    ...(isGiven(version) && { version }),
    ...(isGiven(uptime_seconds) && { uptime_seconds }),
    ...(isGiven(connected_robots) && { connected_robots }),
    ...(isGiven(active_tasks) && { active_tasks }),
    ...(isGiven(pending_tasks) && { pending_tasks }),
    ...(isGiven(metrics) && { metrics }),
    ...(isGiven(timestamp) && { timestamp }),
  };
}

export class OrchestratorCommandResponse {
  [field: string]: unknown;

  @ApiProperty({ format: 'uuid', description: 'The same whenever the command is repeated.' })
  command_id!: string;

  @ApiProperty({ example: 'resync', description: `One of ${ORCHESTRATOR_COMMANDS.join(', ')}; others are ignored.` })
  type!: string;
}

export class OrchestratorHeartbeatResponse {
  @ApiProperty({ example: true })
  acknowledged!: true;

  @ApiProperty({ example: '2025-01-08T11:00:01.000Z' })
  server_time!: string;

  @ApiProperty({ type: 'integer', example: HEARTBEAT_INTERVAL_S.usual })
  next_heartbeat_seconds!: number;

  @ApiProperty({ type: [OrchestratorCommandResponse] })
  commands!: readonly OrchestratorCommandResponse[];
}
