import { type CommandState, isFinal } from './command.state.js';

/** Until when the command may run: its expiry, and once the robot spoke, a time-out from its last word on. */
export function deadlineOf(command: Pick<CommandState, 'expiresAt' | 'timeoutMs'>, lastAckAt: Date | null): Date {
  if (lastAckAt === null) return command.expiresAt;
  return latest(command.expiresAt, after(lastAckAt, command.timeoutMs));
}

/** When the next retry may go out; null when the policy has none left or the robot has spoken. */
export function retryAt(command: CommandState): Date | null {
  return command.status === 'REQUESTED' ? nextAttemptAt(command) : null;
}

/** When the policy would allow one more attempt, whatever became of the command since; null when it allows none. */
export function nextAttemptAt({ attempts, maxRetries, lastSentAt, ...command }: CommandState): Date | null {
  if (lastSentAt === null || attempts > maxRetries) return null;
  return after(lastSentAt, command.responseTimeoutMs + command.retryDelayMs);
}

/** What the sweeper has to do with a command that is due. */
export type DueStep = 'settle' | 'expire' | 'publish' | 'wait';

export function dueStep(command: CommandState, now: Date): DueStep {
  if (isFinal(command.status)) return 'settle';
  if (now >= command.deadlineAt) return 'expire';
  if (command.status !== 'REQUESTED') return 'wait';
  if (command.attempts === 0) return 'publish';
  const retry = retryAt(command);
  return retry !== null && now >= retry ? 'publish' : 'wait';
}

/** When the sweeper must look at a command that is published and not final. */
export function nextDueAt(command: CommandState): Date {
  const retry = retryAt(command);
  return retry !== null && retry < command.deadlineAt ? retry : command.deadlineAt;
}

/** The same, unless the sweeper looks earlier anyway: leaving the column alone spares every index of the row. */
export function earliestDue(command: CommandState): Date {
  const next = nextDueAt(command);
  return command.dueAt !== null && command.dueAt < next ? command.dueAt : next;
}

export const latest = (one: Date, other: Date): Date => (one > other ? one : other);
const after = (instant: Date, delayMs: number): Date => new Date(instant.getTime() + delayMs);
