import { parseInstant, type TaskReport, type TaskReportOutcome } from '#libs/contracts';
import type { Applied } from './ledger.page.js';
import type { TaskFact } from './task.state.js';

interface Reception {
  /** Our clock. */
  readonly receivedAt: Date;
  readonly by: string;
}

/** A report as the state machine takes it. */
export function toFact(report: TaskReport, reception: Reception): TaskFact {
  switch (report.kind) {
    case 'assign':
      return {
        ...reception,
        type: 'assign',
        robotId: report.robot_id,
        at: toInstant(report.assigned_at),
        estimatedDurationS: report.estimated_duration_seconds,
        path: report.path,
      };
    case 'status':
      return {
        ...reception,
        type: 'status',
        robotId: report.robot_id,
        at: toInstant(report.timestamp),
        status: report.status,
        progressPercent: report.progress_percent,
        location: report.current_location,
        estimatedCompletionAt: toInstant(report.estimated_completion),
        error: report.error,
      };
    case 'complete':
      return {
        ...reception,
        type: 'complete',
        robotId: report.robot_id,
        at: toInstant(report.completed_at),
        status: report.status,
        durationS: report.duration_seconds,
        actualPath: report.actual_path,
        proof: report.delivery_proof,
        error: report.error,
      };
  }
}

/** What the reporter is answered; to whom a task does not belong it does not exist (decision C42). */
export function toOutcome(taskId: string, applied: Applied | undefined): TaskReportOutcome {
  if (!applied || applied.verdict === 'unknown') {
    const message = `There is no task "${taskId}".`;
    return { task_id: taskId, error: { code: 'TASK_NOT_FOUND', message, details: { task_id: taskId } } };
  }
  const { verdict, task } = applied;
  if (verdict !== 'taken') return { task_id: taskId, applied: verdict !== 'late', status: task.status };
  const details = { task_id: taskId, robot_id: task.robotId };
  const message = `Task ${taskId} is assigned to robot ${task.robotId ?? ''}.`;
  return { task_id: taskId, error: { code: 'TASK_ALREADY_ASSIGNED', message, details } };
}

const toInstant = (text: string | null): Date | null => (text === null ? null : new Date(parseInstant(text)));
