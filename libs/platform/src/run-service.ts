import { Logger } from '@nestjs/common';
import { checkConfig, ConfigError } from './config.js';
import { JsonLogger } from './json.logger.js';
import { PlatformConfig } from './platform.config.js';
import { startService } from './service.js';
import type { RunningService, ServiceOptions } from './service.js';
import { shutDown } from './shutdown.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const FAILED = 1;

const logger = new Logger('Service');

/**
 * Runs one app of the platform until SIGTERM or SIGINT: checks the configuration, starts, and ends in order within
 * SHUTDOWN_TIMEOUT_MS. A second signal, an unhandled error or a failed start ends the process with code 1.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  try {
    const config = readConfig(options.name);
    Logger.overrideLogger(new JsonLogger({ component: options.name, level: config.logLevel }));
    endOnUnhandled();
    const service = await startService(options, config);
    endOnSignal(service, config.shutdownTimeoutMs);
    logger.log({ event: 'service_started', url: service.url, startedInMs: Math.round(performance.now()) });
  } catch (error) {
    Logger.overrideLogger(new JsonLogger({ component: options.name, level: 'info' }));
    logger.fatal({ event: 'service_not_started', ...whyNot(error) });
    process.exit(FAILED);
  }
}

/** A configuration problem explains itself; anything else needs its stack. */
function whyNot(error: unknown): Record<string, unknown> {
  return error instanceof ConfigError
    ? { message: error.message }
    : { message: `the service did not start: ${error instanceof Error ? error.message : String(error)}`, error };
}

function readConfig(name: string): PlatformConfig {
  checkConfig();
  return new PlatformConfig(name);
}

function endOnSignal(service: RunningService, deadlineMs: number): void {
  let ending = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (ending) {
        logger.fatal({ event: 'service_cut_off', signal });
        process.exit(FAILED);
      }
      ending = true;
      void end(service, signal, deadlineMs);
    });
  }
}

async function end(service: RunningService, signal: string, deadlineMs: number): Promise<void> {
  logger.log({ event: 'service_stopping', signal });
  const inOrder = await shutDown(service.stopSteps, deadlineMs);
  logger.log({ event: 'service_stopped', inOrder });
  process.exit(inOrder ? 0 : FAILED);
}

/** An unknown state is worse than a restart: nothing accepted is lost by it. */
function endOnUnhandled(): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ event: 'uncaught_exception', error });
    process.exit(FAILED);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ event: 'unhandled_rejection', error: reason });
    process.exit(FAILED);
  });
}
