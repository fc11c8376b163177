import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';

/** One step of an orderly end. */
export interface ShutdownStep {
  readonly name: string;
  readonly run: () => Promise<unknown> | void;
}

const logger = new Logger('Shutdown');

/**
 * Runs the steps in order, each although one before it failed, and all within `deadlineMs`. Answers whether everything
 * ended in order; on `false` the caller should end the process the hard way.
 */
export async function shutDown(steps: readonly ShutdownStep[], deadlineMs: number): Promise<boolean> {
  const abort = new AbortController();
  const late = delay(deadlineMs, 'late' as const, { signal: abort.signal }).catch(() => 'late' as const);
  let failed = false;
  for (const step of steps) {
    const outcome = await Promise.race([attempt(step), late]);
    if (outcome === 'late') {
      logger.error({ event: 'shutdown_overdue', step: step.name, deadlineMs });
      return false;
    }
    failed ||= outcome === 'failed';
  }
  abort.abort();
  return !failed;
}

async function attempt({ name, run }: ShutdownStep): Promise<'done' | 'failed'> {
  const startedAt = performance.now();
  try {
    await run();
    logger.debug({ event: 'shutdown_step', step: name, durationMs: Math.round(performance.now() - startedAt) });
    return 'done';
  } catch (error) {
    logger.error({ event: 'shutdown_step_failed', step: name, error });
    return 'failed';
  }
}
