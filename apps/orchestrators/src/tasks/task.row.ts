import type { JsonObject, TaskDto, TaskPlace, TaskPriority } from '#libs/contracts';
import type { TaskState } from './task.state.js';

/** A task as it is stored. */
export interface TaskRow extends TaskState {
  readonly taskId: string;
  readonly entityId: string;
  readonly type: string;
  readonly priority: TaskPriority;
  readonly source: TaskPlace | null;
  readonly destination: TaskPlace | null;
  readonly payload: JsonObject;
  readonly createdBy: string;
  /** Counts the entries of its history. */
  readonly version: number;
  /** When people were last told of it. */
  readonly toldAt: Date;
  readonly updatedAt: Date;
}

export const COLUMNS = [
  'taskId',
  'entityId',
  'type',
  'priority',
  'status',
  'source',
  'destination',
  'payload',
  'createdBy',
  'createdAt',
  'deadlineAt',
  'robotId',
  'assignedAt',
  'startedAt',
  'finishedAt',
  'reportedAt',
  'progressPercent',
  'location',
  'estimatedCompletionAt',
  'estimatedDurationS',
  'path',
  'durationS',
  'actualPath',
  'proof',
  'error',
  'reason',
  'version',
  'toldAt',
  'updatedAt',
] as const satisfies readonly (keyof TaskRow)[];

/** Reads {@link TaskRow}; `t` is the row, conditions come after. */
export const SELECT_TASKS = `SELECT ${COLUMNS.map((name) => `t."${name}"`).join(', ')} FROM "orchestrators"."tasks" t`;

/** The task as it is sent, with everything that is personal. */
export function toTaskDto(row: TaskRow): TaskDto {
  return {
    task_id: row.taskId,
    type: row.type,
    entity_id: row.entityId,
    status: row.status,
    priority: row.priority,
    source: row.source,
    destination: row.destination,
    payload: row.payload,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
    deadline: toInstant(row.deadlineAt),
    robot_id: row.robotId,
    assigned_at: toInstant(row.assignedAt),
    started_at: toInstant(row.startedAt),
    completed_at: toInstant(row.finishedAt),
    estimated_duration_seconds: row.estimatedDurationS,
    path: row.path,
    progress_percent: row.progressPercent,
    current_location: row.location,
    estimated_completion: toInstant(row.estimatedCompletionAt),
    duration_seconds: row.durationS,
    actual_path: row.actualPath,
    delivery_proof: row.proof,
    error: row.error,
    reason: row.reason,
    updated_at: row.updatedAt.toISOString(),
  };
}

const toInstant = (at: Date | null): string | null => at?.toISOString() ?? null;
