import { ApiProperty } from '@nestjs/swagger';
import {
  COMMAND_STATUSES,
  TIMELINE_KINDS,
  type BatchDto,
  type BatchItem,
  type CommandDetailDto,
  type CommandDto,
  type CommandStatus,
  type JsonObject,
  type TimelineEntry,
  type TimelineKind,
} from '#libs/contracts';
import { RetryPolicyRequest } from './commands.dto.js';

const UUID = { format: 'uuid', example: '0f8fad5b-d9cb-469f-a165-70867728950e' } as const;
const INSTANT = { type: String, format: 'date-time', nullable: true } as const;
const TEXT = { type: String, nullable: true } as const;
const OBJECT = { type: 'object', additionalProperties: true } as const;
const ANY = {
  nullable: true,
  oneOf: [{ type: 'object' }, { type: 'string' }, { type: 'number' }, { type: 'boolean' }],
};

export class CommandAcceptedResponse {
  @ApiProperty(UUID)
  commandId!: string;
}

export class CommandResponse implements CommandDto {
  @ApiProperty(UUID)
  commandId!: string;

  @ApiProperty({ example: 'RB-001' })
  robotId!: string;

  @ApiProperty({ example: 'dock' })
  commandType!: string;

  @ApiProperty({ ...OBJECT, example: { station: 'dock-3' } })
  payload!: JsonObject;

  @ApiProperty({ enum: COMMAND_STATUSES })
  status!: CommandStatus;

  @ApiProperty({ ...TEXT, description: '`rejected` when the robot said no.' })
  reason!: string | null;

  @ApiProperty({ type: Number, nullable: true })
  progress!: number | null;

  @ApiProperty({ ...ANY, description: 'What the robot gave as result.' })
  result!: unknown;

  @ApiProperty({ ...ANY, description: 'What the robot gave as error.' })
  error!: unknown;

  @ApiProperty({ example: 'user:7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  requestedBy!: string;

  @ApiProperty({ ...TEXT, format: 'uuid' })
  requestedByUserId!: string | null;

  @ApiProperty({ format: 'date-time' })
  requestedAt!: string;

  @ApiProperty(INSTANT)
  lastAckAt!: string | null;

  @ApiProperty(INSTANT)
  completedAt!: string | null;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;

  @ApiProperty({ example: 30_000 })
  timeoutMs!: number;

  @ApiProperty({ example: 5_000 })
  responseTimeoutMs!: number;

  @ApiProperty({ type: RetryPolicyRequest })
  retryPolicy!: RetryPolicyRequest;

  @ApiProperty({ description: 'How often it was published.' })
  attempts!: number;

  @ApiProperty({ ...TEXT, format: 'uuid' })
  batchId!: string | null;
}

export class TimelineResponse implements TimelineEntry {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ enum: TIMELINE_KINDS })
  kind!: TimelineKind;

  @ApiProperty({ example: 'robot:RB-001', description: '`user:<id>`, `key:<id>`, `robot:<id>` or `muster`.' })
  by!: string;

  @ApiProperty({ ...OBJECT, nullable: true })
  detail!: JsonObject | null;
}

export class CommandDetailResponse extends CommandResponse implements CommandDetailDto {
  @ApiProperty({ type: [TimelineResponse] })
  timeline!: readonly TimelineResponse[];
}

class BatchItemError {
  @ApiProperty({ example: 'ROBOT_NOT_FOUND' })
  code!: string;

  @ApiProperty()
  message!: string;
}

export class BatchItemResponse implements BatchItem {
  @ApiProperty({ example: 'RB-001' })
  robotId!: string;

  @ApiProperty({ ...TEXT, format: 'uuid' })
  commandId!: string | null;

  @ApiProperty({ enum: COMMAND_STATUSES, nullable: true, type: String })
  status!: CommandStatus | null;

  @ApiProperty({ type: BatchItemError, nullable: true, description: 'Set when no command was made for this robot.' })
  error!: BatchItemError | null;
}

export class BatchResponse implements BatchDto {
  @ApiProperty(UUID)
  batchId!: string;

  @ApiProperty({ example: 'dock' })
  commandType!: string;

  @ApiProperty({ example: 'user:7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  requestedBy!: string;

  @ApiProperty({ format: 'date-time' })
  requestedAt!: string;

  @ApiProperty()
  total!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { REQUESTED: 2, REFUSED: 1 } })
  counts!: Readonly<Record<string, number>>;

  @ApiProperty({ type: [BatchItemResponse] })
  items!: readonly BatchItemResponse[];
}
