import {
  MALL_EVENTS,
  mallEventSubject,
  orchestratorEventSubject,
  type OrchestratorEvent,
  type TaskCancelEvent,
  type TaskCreateEvent,
  type TaskUpdatedEvent,
} from '#libs/contracts';
import type { Outgoing } from '#libs/outbox';
import type { TaskRow } from './task.row.js';

/** `task_create` for the entity's orchestrator: exactly the documents' fields (orchestrators.txt 2.3). */
export function taskCreated(task: TaskRow): Outgoing {
  const data: TaskCreateEvent = {
    task_id: task.taskId,
    type: task.type,
    entity_id: task.entityId,
    priority: task.priority,
    source: task.source,
    destination: task.destination,
    payload: task.payload,
    created_at: task.createdAt.toISOString(),
  };
  return forOrchestrator(task, { event: 'task_create', data: { ...data } });
}

/** `task_cancel` for the entity's orchestrator (decision C30). */
export function taskCancelled(task: TaskRow, at: Date): Outgoing {
  const data: TaskCancelEvent = {
    task_id: task.taskId,
    entity_id: task.entityId,
    reason: task.reason ?? '',
    cancelled_at: at.toISOString(),
  };
  return forOrchestrator(task, { event: 'task_cancel', data: { ...data } });
}

/** For the people who watch the mall. */
export function taskUpdated(task: TaskRow): Outgoing {
  const body: TaskUpdatedEvent = {
    task_id: task.taskId,
    entity_id: task.entityId,
    type: task.type,
    priority: task.priority,
    status: task.status,
    robot_id: task.robotId,
    progress_percent: task.progressPercent,
    current_location: task.location,
    estimated_completion: task.estimatedCompletionAt?.toISOString() ?? null,
    updated_at: task.updatedAt.toISOString(),
  };
  const { event } = MALL_EVENTS.taskUpdated;
  return {
    subject: mallEventSubject(task.entityId, event),
    messageId: `${event}:${task.taskId}:${task.version}`,
    body,
  };
}

/** A task is made once and cancelled once. */
function forOrchestrator({ entityId, taskId }: TaskRow, body: OrchestratorEvent): Outgoing {
  return { subject: orchestratorEventSubject(entityId), messageId: `${body.event}:${taskId}`, body };
}
