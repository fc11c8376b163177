import { integer, settings } from '#libs/platform';

/** What the tasks of malls are told by their environment. */
export class TasksSettings extends settings({
  retentionDays: integer('TASK_RETENTION_DAYS', {
    default: 180,
    min: 1,
    max: 36_500,
    hint: 'days to keep a task of a mall that is over, with its history',
  }),
  progressEventMs: integer('TASK_PROGRESS_EVENT_MS', {
    default: 2_000,
    min: 0,
    max: 3_600_000,
    hint: 'milliseconds between two events about the mere progress of one task; a change of its status is always told',
  }),
  sweepIntervalMs: integer('TASK_SWEEP_INTERVAL_MS', {
    default: 1_000,
    min: 10,
    max: 3_600_000,
    hint: 'milliseconds between two looks for tasks of malls whose deadline is over',
  }),
}) {}
