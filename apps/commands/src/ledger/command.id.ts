import { randomUUID } from 'node:crypto';

const TIME_DIGITS = 12;
/** Where the random part of a UUID begins, after the digit of its version. */
const RANDOM_START = 15;

/** A UUID of version 7: its first 48 bits are the milliseconds, so that new rows stand beside each other in the index. */
export function newCommandId(nowMs = Date.now()): string {
  return `${timeOf(nowMs)}-7${randomUUID().slice(RANDOM_START)}`;
}

/** No command that was asked for at this instant or later has a smaller id. */
export function firstCommandIdOf(at: Date): string {
  return `${timeOf(at.getTime())}-7000-0000-000000000000`;
}

function timeOf(ms: number): string {
  const digits = ms.toString(16).padStart(TIME_DIGITS, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
