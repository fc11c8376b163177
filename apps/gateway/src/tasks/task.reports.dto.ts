import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { TASK_ENDS, TASK_STATUSES, type TaskEnd, type TaskReport, type TaskStatus } from '#libs/contracts';
import { IsInstant } from '../http/instant.field.js';
import { NO_NUL } from '../http/storable.text.js';
import { CoordinatesField, IsTaskError, TASK_ERROR_SCHEMA, toCoordinates, toTaskError } from './task.fields.js';

const MAX_METERS = 1e9;
const MAX_SECONDS = 1e9;
const MAX_SIGNATURE_CHARACTERS = 65_536;
const INSTANT = { type: String, format: 'date-time', nullable: true } as const;
const MEASURE = { type: Number, nullable: true } as const;
const needsError = ({ status, error }: { status: TaskStatus; error?: unknown }): boolean =>
  status === 'failed' || (error ?? null) !== null;

/** Which task, of whom, by which robot. */
class ReportRequest {
  @ApiProperty({ example: 'task-0193e7a4-0000-7000-8000-000000000000' })
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  task_id!: string;

  @ApiPropertyOptional({ example: 'mall-a-uuid', description: 'Must be the token’s.' })
  @IsOptional()
  @IsString()
  entity_id?: string | null;
}

class RobotReportRequest extends ReportRequest {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'robot-007', maxLength: 128 })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  robot_id?: string | null;
}

export class PathField {
  @ApiPropertyOptional({ ...MEASURE, example: 150.5 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_METERS)
  distance_meters?: number;

  @ApiPropertyOptional({ type: [String], example: ['L1', 'L2'], maxItems: 200 })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(200)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  floors?: string[];

  @ApiPropertyOptional({ ...MEASURE, example: 12 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  waypoints?: number;
}

export class TaskAssignRequest extends ReportRequest {
  @ApiProperty({ example: 'robot-007', maxLength: 128 })
  @IsString()
  @Length(1, 128)
  @Matches(NO_NUL)
  robot_id!: string;

  @ApiPropertyOptional(INSTANT)
  @IsOptional()
  @IsInstant()
  assigned_at?: string | null;

  @ApiPropertyOptional({ ...MEASURE, example: 180 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_SECONDS)
  estimated_duration_seconds?: number | null;

  @ApiPropertyOptional({ type: PathField, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => PathField)
  path?: PathField | null;
}

export class TaskStatusRequest extends RobotReportRequest {
  @ApiProperty({ enum: TASK_STATUSES, example: 'in_progress' })
  @IsIn(TASK_STATUSES)
  status!: TaskStatus;

  @ApiPropertyOptional({ ...MEASURE, example: 45, minimum: 0, maximum: 100 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  progress_percent?: number | null;

  @ApiPropertyOptional({ type: CoordinatesField, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesField)
  current_location?: CoordinatesField | null;

  @ApiPropertyOptional({ ...INSTANT, description: 'By the reporter’s clock: the newest wins.' })
  @IsOptional()
  @IsInstant()
  timestamp?: string | null;

  @ApiPropertyOptional(INSTANT)
  @IsOptional()
  @IsInstant()
  estimated_completion?: string | null;

  @ApiPropertyOptional(TASK_ERROR_SCHEMA)
  @ValidateIf(needsError)
  @IsTaskError()
  error?: unknown;
}

class ActualPathField {
  @ApiPropertyOptional({ ...MEASURE, example: 152.3 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_METERS)
  distance_meters?: number;

  @ApiPropertyOptional({ ...MEASURE, example: 5.2 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_METERS)
  deviation_meters?: number;
}

class DeliveryProofField {
  @ApiPropertyOptional({ example: 'https://orchestrator.local/media/proof-001.jpg', maxLength: 2_048 })
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  photo_url?: string;

  @ApiPropertyOptional({ example: 'c2lnbmF0dXJl', description: 'Base64.', maxLength: MAX_SIGNATURE_CHARACTERS })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_SIGNATURE_CHARACTERS)
  signature?: string;
}

export class TaskCompleteRequest extends RobotReportRequest {
  @ApiPropertyOptional({ enum: TASK_ENDS, default: 'completed' })
  @IsIn(TASK_ENDS)
  status: TaskEnd = 'completed';

  @ApiPropertyOptional(INSTANT)
  @IsOptional()
  @IsInstant()
  completed_at?: string | null;

  @ApiPropertyOptional({ ...MEASURE, example: 195 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(MAX_SECONDS)
  duration_seconds?: number | null;

  @ApiPropertyOptional({ type: ActualPathField, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ActualPathField)
  actual_path?: ActualPathField | null;

  @ApiPropertyOptional({ type: DeliveryProofField, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => DeliveryProofField)
  delivery_proof?: DeliveryProofField | null;

  @ApiPropertyOptional(TASK_ERROR_SCHEMA)
  @ValidateIf(needsError)
  @IsTaskError()
  error?: unknown;
}

export function toAssignReport(request: TaskAssignRequest): TaskReport {
  const { task_id, robot_id, assigned_at, estimated_duration_seconds, path } = request;
  return {
    kind: 'assign',
    task_id,
    robot_id,
    assigned_at: assigned_at ?? null,
    estimated_duration_seconds: estimated_duration_seconds ?? null,
    path: path ?? null,
  };
}

export function toStatusReport(request: TaskStatusRequest): TaskReport {
  const { task_id, robot_id, status, progress_percent, current_location, timestamp, estimated_completion } = request;
  return {
    kind: 'status',
    task_id,
    robot_id: robot_id ?? null,
    status,
    progress_percent: progress_percent ?? null,
    current_location: toCoordinates(current_location),
    timestamp: timestamp ?? null,
    estimated_completion: estimated_completion ?? null,
    error: toTaskError(request.error),
  };
}

export function toCompleteReport(request: TaskCompleteRequest): TaskReport {
  const { task_id, robot_id, status, completed_at, duration_seconds, actual_path, delivery_proof } = request;
  return {
    kind: 'complete',
    task_id,
    robot_id: robot_id ?? null,
    status,
    completed_at: completed_at ?? null,
    duration_seconds: duration_seconds ?? null,
    actual_path: actual_path ?? null,
    delivery_proof: delivery_proof ?? null,
    error: toTaskError(request.error),
  };
}
