import type { JsonObject, TaskDto, TaskReader, TaskReporter } from '#libs/contracts';
import { MusterError } from '#libs/contracts';
import type { TaskRow } from './task.row.js';

type Owned = Pick<TaskRow, 'entityId' | 'createdBy' | 'robotId'>;

/** Fields of a payload that tell who the customer is. */
const PERSONAL: ReadonlySet<string> = new Set(['customer_phone']);

/** Whether the reader may know that the task exists. */
export function mayRead(reader: TaskReader, task: Owned): boolean {
  switch (reader.as) {
    case 'operator':
    case 'viewer':
      return true;
    case 'author':
      return task.createdBy === reader.by;
    case 'orchestrator':
      return task.entityId === reader.entityId;
    case 'robot':
      return isOwn(task, reader);
  }
}

/** Whether the reporter may speak of the task; a robot only of one that it has. */
export function mayReport(reporter: TaskReporter, task: Owned): boolean {
  const { robotIds, entityId } = reporter;
  return robotIds === null ? task.entityId === entityId : isOwn(task, { robotIds, entityId });
}

function isOwn(task: Owned, robot: { entityId: string | null; robotIds: readonly string[] }): boolean {
  const isThere = robot.entityId === null || robot.entityId === task.entityId;
  return isThere && task.robotId !== null && robot.robotIds.includes(task.robotId);
}

/** The task as this reader may see it: the customer's data only for operators, its author and the mall. */
export function seenBy(reader: TaskReader, task: TaskDto): TaskDto {
  const isTrusted = reader.as === 'operator' || reader.as === 'orchestrator' || task.created_by === reader.by;
  return isTrusted ? task : { ...task, payload: withoutPersonal(task.payload) };
}

function withoutPersonal(payload: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !PERSONAL.has(name)));
}

/** The same whether the task does not exist or is somebody else's (decision C42). */
export function taskNotFound(taskId: string): MusterError {
  return new MusterError('TASK_NOT_FOUND', `There is no task "${taskId}".`, { task_id: taskId });
}
