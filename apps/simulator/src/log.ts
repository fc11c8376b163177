import { pino } from 'pino';

type Fields = Readonly<Record<string, unknown>>;

/** Lines in the documents' format: `event` names what happened, the fields say to whom and how much. */
export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

/** JSON lines on standard output, as the platform's own services write them. */
export function jsonLog(): Log {
  const logger = pino({
    base: { component: 'simulator' },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label.toUpperCase() }) },
  });
  return {
    info: (event, fields) => logger.info({ event, ...fields }),
    warn: (event, fields) => logger.warn({ event, ...fields }),
    error: (event, fields) => logger.error({ event, ...fields }),
  };
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
