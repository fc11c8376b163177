import { request } from '../requests.js';
import type {
  TaskAnalyticsDto,
  TaskAnalyticsQuery,
  TaskDetailDto,
  TaskDto,
  TaskOrder,
  TaskPage,
  TaskReader,
  TaskReport,
  TaskReportOutcome,
  TaskStatus,
} from './tasks.dto.js';

/** Who reports: the entity is the token's, never the body's; a robot may speak of its own tasks alone. */
export interface TaskReporter {
  readonly by: string;
  /** Null for a robot that belongs to no entity. */
  readonly entityId: string | null;
  /** Names of the robot that reports; null for an orchestrator, which speaks for all of its robots. */
  readonly robotIds: readonly string[] | null;
}

/** Which tasks to list, newest first. */
export interface TaskListQuery {
  readonly reader: TaskReader;
  readonly entity_id?: string;
  readonly status?: TaskStatus;
  readonly robot_id?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly after?: string;
}

export const TASKS_REQUESTS = {
  /** The same key of the same caller finds the task that it made, for a day. */
  create: request<{ order: TaskOrder; by: string; idempotencyKey?: string }, TaskDto>('rpc.orchestrators.tasks.create'),
  /** One outcome per report, in their order. */
  report: request<{ reporter: TaskReporter; reports: readonly TaskReport[] }, readonly TaskReportOutcome[]>(
    'rpc.orchestrators.tasks.report',
  ),
  cancel: request<{ reader: TaskReader; task_id: string; reason: string }, TaskDetailDto>(
    'rpc.orchestrators.tasks.cancel',
  ),
  get: request<{ reader: TaskReader; task_id: string }, TaskDetailDto>('rpc.orchestrators.tasks.get'),
  /** Pages stay under 200 KiB whatever the limit says. */
  list: request<TaskListQuery, TaskPage>('rpc.orchestrators.tasks.list'),
  analytics: request<TaskAnalyticsQuery, TaskAnalyticsDto>('rpc.orchestrators.tasks.analytics'),
} as const;
