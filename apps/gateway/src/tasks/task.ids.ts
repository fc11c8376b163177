import { MusterError } from '#libs/contracts';

const TASK_ID = /^[\x21-\x7e]{1,128}$/;

/** What can be no task's id names no task. @throws MusterError `TASK_NOT_FOUND` */
export function requireTaskId(taskId: string): string {
  if (TASK_ID.test(taskId)) return taskId;
  throw new MusterError('TASK_NOT_FOUND', 'There is no task of that id.');
}
