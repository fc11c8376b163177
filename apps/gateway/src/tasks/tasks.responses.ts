import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type DeliveryProof,
  type JsonObject,
  TASK_GROUPINGS,
  TASK_HISTORY_KINDS,
  TASK_PRIORITIES,
  TASK_STATUSES,
  type TaskActualPath,
  type TaskAnalyticsDto,
  type TaskCoordinates,
  type TaskDetailDto,
  type TaskDto,
  type TaskError,
  type TaskFigures,
  type TaskGrouping,
  type TaskHistoryEntry,
  type TaskHistoryKind,
  type TaskPath,
  type TaskPlace,
  type TaskPriority,
  type TaskStatus,
} from '#libs/contracts';
import { CoordinatesField, PlaceField } from './task.fields.js';

const TASK_ID = { example: 'task-0193e7a4-0000-7000-8000-000000000000' } as const;
const INSTANT = { type: String, format: 'date-time', nullable: true } as const;
const NUMBER = { type: Number, nullable: true } as const;
const OBJECT = { type: 'object', additionalProperties: true } as const;

export class TaskResponse implements TaskDto {
  @ApiProperty(TASK_ID)
  task_id!: string;

  @ApiProperty({ example: 'delivery' })
  type!: string;

  @ApiProperty({ example: 'mall-a-uuid' })
  entity_id!: string;

  @ApiProperty({ enum: TASK_STATUSES })
  status!: TaskStatus;

  @ApiProperty({ enum: TASK_PRIORITIES })
  priority!: TaskPriority;

  @ApiProperty({ type: PlaceField, nullable: true })
  source!: TaskPlace | null;

  @ApiProperty({ type: PlaceField, nullable: true })
  destination!: TaskPlace | null;

  @ApiProperty({ ...OBJECT, description: 'Without `customer_phone` for whoever must not know it.' })
  payload!: JsonObject;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ example: 'user:7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  created_by!: string;

  @ApiProperty(INSTANT)
  deadline!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'robot-007' })
  robot_id!: string | null;

  @ApiProperty(INSTANT)
  assigned_at!: string | null;

  @ApiProperty(INSTANT)
  started_at!: string | null;

  @ApiProperty({ ...INSTANT, description: 'When it was completed, failed or cancelled.' })
  completed_at!: string | null;

  @ApiProperty(NUMBER)
  estimated_duration_seconds!: number | null;

  @ApiProperty({ ...OBJECT, nullable: true, example: { distance_meters: 150.5, floors: ['L1', 'L2'], waypoints: 12 } })
  path!: TaskPath | null;

  @ApiProperty({ ...NUMBER, example: 45 })
  progress_percent!: number | null;

  @ApiProperty({ type: CoordinatesField, nullable: true })
  current_location!: TaskCoordinates | null;

  @ApiProperty(INSTANT)
  estimated_completion!: string | null;

  @ApiProperty(NUMBER)
  duration_seconds!: number | null;

  @ApiProperty({ ...OBJECT, nullable: true })
  actual_path!: TaskActualPath | null;

  @ApiProperty({ ...OBJECT, nullable: true })
  delivery_proof!: DeliveryProof | null;

  @ApiProperty({ ...OBJECT, nullable: true })
  error!: TaskError | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was cancelled; `expired` by its deadline.' })
  reason!: string | null;

  @ApiProperty({ format: 'date-time' })
  updated_at!: string;
}

export class TaskHistoryResponse implements TaskHistoryEntry {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ enum: TASK_HISTORY_KINDS })
  kind!: TaskHistoryKind;

  @ApiProperty({ example: 'orchestrator:orch-mall-a-001' })
  by!: string;

  @ApiProperty(OBJECT)
  detail!: JsonObject;
}

export class TaskDetailResponse extends TaskResponse implements TaskDetailDto {
  @ApiProperty({ type: [TaskHistoryResponse], description: 'Oldest first; of many reports the newest.' })
  history!: readonly TaskHistoryResponse[];
}

export class TaskAcknowledgedResponse {
  @ApiProperty({ example: true })
  acknowledged!: true;

  @ApiProperty(TASK_ID)
  task_id!: string;

  @ApiPropertyOptional({ example: false, description: 'Only where the report came too late to change anything.' })
  applied?: false;

  @ApiPropertyOptional({ enum: TASK_STATUSES, description: 'Beside `applied`: the state that the task has.' })
  status?: TaskStatus;
}

export class TaskAssignedResponse extends TaskAcknowledgedResponse {
  @ApiProperty({ example: 'https://server.navign.com/tasks/task-delivery-001/track' })
  tracking_url!: string;
}

export class TaskStatusResultResponse {
  @ApiProperty({ example: 0, description: 'Place of the report in the list.' })
  index!: number;

  @ApiProperty()
  acknowledged!: boolean;

  @ApiPropertyOptional(TASK_ID)
  task_id?: string;

  @ApiPropertyOptional({ example: false })
  applied?: false;

  @ApiPropertyOptional({ enum: TASK_STATUSES })
  status?: TaskStatus;

  @ApiPropertyOptional({
    ...OBJECT,
    example: { code: 'TASK_NOT_FOUND', message: 'There is no such task.', details: {} },
  })
  error?: object;
}

/** To a list of reports. */
export class TaskStatusListResponse {
  @ApiProperty({ example: true })
  acknowledged!: true;

  @ApiProperty({ type: [TaskStatusResultResponse] })
  results!: readonly TaskStatusResultResponse[];

  @ApiProperty({ example: 99 })
  accepted!: number;

  @ApiProperty({ example: 1 })
  failed!: number;
}

class TaskDurationsResponse {
  @ApiProperty({ example: 120 })
  count!: number;

  @ApiProperty({ ...NUMBER, example: 201.5 })
  mean!: number | null;

  @ApiProperty(NUMBER)
  p50!: number | null;

  @ApiProperty(NUMBER)
  p90!: number | null;

  @ApiProperty(NUMBER)
  p95!: number | null;

  @ApiProperty(NUMBER)
  p99!: number | null;
}

export class TaskFiguresResponse implements TaskFigures {
  @ApiProperty({ example: 150 })
  total!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'Tasks by status.' })
  counts!: Record<TaskStatus, number>;

  @ApiProperty({ ...NUMBER, description: 'Completed of completed and failed.' })
  success_rate!: number | null;

  @ApiProperty({ ...NUMBER, description: 'Completed of all.' })
  completion_rate!: number | null;

  @ApiProperty({ type: TaskDurationsResponse, description: 'Of completed tasks, from start to end.' })
  duration_seconds!: TaskDurationsResponse;
}

export class TaskGroupResponse extends TaskFiguresResponse {
  @ApiProperty({ type: String, nullable: true, example: 'robot-007', description: 'A robot’s id, or a day in UTC.' })
  key!: string | null;
}

export class TaskAnalyticsResponse implements TaskAnalyticsDto {
  @ApiProperty({ type: String, nullable: true, example: 'mall-a-uuid' })
  entity_id!: string | null;

  @ApiProperty({ format: 'date-time' })
  from!: string;

  @ApiProperty({ format: 'date-time' })
  to!: string;

  @ApiProperty({ enum: TASK_GROUPINGS })
  group_by!: TaskGrouping;

  @ApiProperty({ type: TaskFiguresResponse })
  overall!: TaskFiguresResponse;

  @ApiProperty({ type: [TaskGroupResponse] })
  groups!: readonly TaskGroupResponse[];

  @ApiProperty({ description: 'Whether there are more groups than are shown.' })
  truncated!: boolean;
}
