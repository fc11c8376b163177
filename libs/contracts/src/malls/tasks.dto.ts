import type { JsonObject } from '../robots/envelope.js';

/** The documents' six (orchestrators.txt 5.2); the last three are final. */
export const TASK_STATUSES = ['queued', 'assigned', 'in_progress', 'completed', 'failed', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** What a task may end as. */
export const TASK_ENDS = ['completed', 'failed', 'cancelled'] as const satisfies readonly TaskStatus[];
export type TaskEnd = (typeof TASK_ENDS)[number];

export const TASK_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type TaskPriority = (typeof TASK_PRIORITIES)[number];

/** Metres on the map of one floor. */
export interface TaskCoordinates {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly floor: string | null;
}

export interface TaskPlace {
  readonly area_id: string;
  readonly coordinates: TaskCoordinates | null;
}

export interface TaskPath {
  readonly distance_meters?: number;
  readonly floors?: readonly string[];
  readonly waypoints?: number;
}

export interface TaskActualPath {
  readonly distance_meters?: number;
  readonly deviation_meters?: number;
}

export interface DeliveryProof {
  readonly photo_url?: string;
  /** Base64. */
  readonly signature?: string;
}

/** Why a task failed, as the orchestrator says it (decision C31). */
export interface TaskError {
  readonly code: string | null;
  readonly message: string;
}

/** Data of `task_create`: exactly the documents' fields (orchestrators.txt 2.3). */
export interface TaskCreateEvent {
  readonly task_id: string;
  readonly type: string;
  readonly entity_id: string;
  readonly priority: TaskPriority;
  readonly source: TaskPlace | null;
  readonly destination: TaskPlace | null;
  readonly payload: JsonObject;
  readonly created_at: string;
}

/** Data of `task_cancel` (decision C30). */
export interface TaskCancelEvent {
  readonly task_id: string;
  readonly entity_id: string;
  readonly reason: string;
  readonly cancelled_at: string;
}

/** A task as whoever may read it sees it; instants are UTC, `Z`. */
export interface TaskDto extends TaskCreateEvent {
  readonly status: TaskStatus;
  readonly created_by: string;
  /** A task that no robot has until then is cancelled. */
  readonly deadline: string | null;
  readonly robot_id: string | null;
  readonly assigned_at: string | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly estimated_duration_seconds: number | null;
  readonly path: TaskPath | null;
  readonly progress_percent: number | null;
  readonly current_location: TaskCoordinates | null;
  readonly estimated_completion: string | null;
  readonly duration_seconds: number | null;
  readonly actual_path: TaskActualPath | null;
  readonly delivery_proof: DeliveryProof | null;
  readonly error: TaskError | null;
  /** Why it was cancelled. */
  readonly reason: string | null;
  readonly updated_at: string;
}

export const TASK_HISTORY_KINDS = [
  'created',
  'assigned',
  'started',
  'progress',
  'ended',
  'proof',
  'cancelled',
  'expired',
  'duplicate',
  'late',
  'refused',
] as const;
export type TaskHistoryKind = (typeof TASK_HISTORY_KINDS)[number];

/** One report or decision about a task, in the order in which they came. */
export interface TaskHistoryEntry {
  /** When the platform heard of it. */
  readonly at: string;
  readonly kind: TaskHistoryKind;
  readonly by: string;
  readonly detail: JsonObject;
}

export interface TaskDetailDto extends TaskDto {
  readonly history: readonly TaskHistoryEntry[];
}

export interface TaskPage {
  readonly tasks: readonly TaskDto[];
  readonly next: string | null;
}

/** What people who watch a mall are told of a task: nothing that is personal. */
export type TaskUpdatedEvent = Pick<
  TaskDto,
  | 'task_id'
  | 'entity_id'
  | 'type'
  | 'priority'
  | 'status'
  | 'robot_id'
  | 'progress_percent'
  | 'current_location'
  | 'estimated_completion'
  | 'updated_at'
>;

/** A task that somebody wants done. */
export interface TaskOrder {
  readonly entity_id: string;
  readonly type: string;
  readonly priority: TaskPriority;
  readonly source: TaskPlace | null;
  readonly destination: TaskPlace | null;
  readonly payload: JsonObject;
  readonly deadline: string | null;
}

/**
 * Who reads or cancels tasks: operators everything; viewers everything but what is personal; an author its own; an
 * orchestrator its entity's; a robot those that it has.
 */
export type TaskReader =
  | { readonly as: 'operator' | 'viewer' | 'author'; readonly by: string }
  | { readonly as: 'orchestrator'; readonly by: string; readonly entityId: string }
  | {
      readonly as: 'robot';
      readonly by: string;
      readonly entityId: string | null;
      readonly robotIds: readonly string[];
    };

/** What an orchestrator or a robot says about a task; instants are its own clock's. */
export type TaskReport =
  | {
      readonly kind: 'assign';
      readonly task_id: string;
      readonly robot_id: string;
      readonly assigned_at: string | null;
      readonly estimated_duration_seconds: number | null;
      readonly path: TaskPath | null;
    }
  | {
      readonly kind: 'status';
      readonly task_id: string;
      readonly robot_id: string | null;
      readonly status: TaskStatus;
      readonly progress_percent: number | null;
      readonly current_location: TaskCoordinates | null;
      readonly timestamp: string | null;
      readonly estimated_completion: string | null;
      readonly error: TaskError | null;
    }
  | {
      readonly kind: 'complete';
      readonly task_id: string;
      readonly robot_id: string | null;
      readonly status: TaskEnd;
      readonly completed_at: string | null;
      readonly duration_seconds: number | null;
      readonly actual_path: TaskActualPath | null;
      readonly delivery_proof: DeliveryProof | null;
      readonly error: TaskError | null;
    };

/** What became of one report: taken (`applied` unless it came too late), or refused. */
export type TaskReportOutcome =
  | { readonly task_id: string; readonly applied: boolean; readonly status: TaskStatus }
  | {
      readonly task_id: string;
      readonly error: {
        readonly code: 'TASK_NOT_FOUND' | 'TASK_ALREADY_ASSIGNED';
        readonly message: string;
        readonly details: JsonObject;
      };
    };

export const TASK_GROUPINGS = ['none', 'robot', 'day'] as const;
export type TaskGrouping = (typeof TASK_GROUPINGS)[number];

/** Which tasks to count: those created from `from` until before `to`. */
export interface TaskAnalyticsQuery {
  readonly entity_id: string | null;
  readonly from: string;
  readonly to: string;
  readonly group_by: TaskGrouping;
}

export interface TaskFigures {
  readonly total: number;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  /** Completed of those that were completed or failed; null while there is none. */
  readonly success_rate: number | null;
  /** Completed of all that were created. */
  readonly completion_rate: number | null;
  /** Of completed tasks, from start to end. */
  readonly duration_seconds: {
    readonly count: number;
    readonly mean: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
}

export interface TaskAnalyticsDto extends TaskAnalyticsQuery {
  readonly overall: TaskFigures;
  /** By robot (`key` is its id, null for tasks without one; the busiest first) or by day of creation (`2026-11-20`, UTC). */
  readonly groups: readonly (TaskFigures & { readonly key: string | null })[];
  /** Whether there are more groups than are shown. */
  readonly truncated: boolean;
}
