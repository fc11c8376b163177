import { randomUUID } from 'node:crypto';

const PREFIX = 'task-';
const TIME_DIGITS = 12;
/** Where the random part of a UUID begins, after the digit of its version. */
const RANDOM_START = 15;

/** `task-` and a UUID of version 7: its first 48 bits are the milliseconds, so that ids rise with time. */
export function newTaskId(at: Date): string {
  return `${PREFIX}${timeOf(at)}-7${randomUUID().slice(RANDOM_START)}`;
}

/** No task that was made at this instant or later has a smaller id. */
export function firstTaskIdOf(at: Date): string {
  return `${PREFIX}${timeOf(at)}-7000-0000-000000000000`;
}

function timeOf(at: Date): string {
  const digits = Math.max(0, at.getTime()).toString(16).padStart(TIME_DIGITS, '0').slice(-TIME_DIGITS);
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
