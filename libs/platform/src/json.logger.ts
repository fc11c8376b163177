import { randomBytes } from 'node:crypto';
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger as Pino } from 'pino';
import { currentLogFields } from '#libs/jetstream';
import type { LogLevel } from './platform.config.js';
import { redact, redactText } from './redact.js';

export interface LoggerOptions {
  /** The app; `component` of every line. */
  readonly component: string;
  readonly level: LogLevel;
  /** Standard output unless told. */
  readonly destination?: DestinationStream;
}

type Fields = Readonly<Record<string, unknown>>;

/** `event` of a line that is only a text. */
const PLAIN_EVENT = 'log';

const TRACE_ID_BYTES = 16;
/** What the process does by itself, as starting and sweeping, is one trace. */
const OWN_TRACE = { trace_id: randomBytes(TRACE_ID_BYTES).toString('hex') };

/** Nest's own account of its start, one line per module and route. */
const FRAMEWORK = new Set<unknown>([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

/**
 * JSON lines in the documents' format (orchestrators.txt 10.2): timestamp, level, component, event, trace_id, then the
 * fields of the call and of the request at work. `logger.log({ event: 'data_sync_completed', durationMs: 5 })` writes
 * `"duration_ms":5`; a text becomes `message`.
 */
export class JsonLogger implements LoggerService {
  private readonly pino: Pino;

  constructor({ component, level, destination }: LoggerOptions) {
    const options = {
      level,
      base: { component },
      messageKey: 'message',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
    };
    this.pino = destination === undefined ? pino(options) : pino(options, destination);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    if (this.pino.isLevelEnabled(level)) {
      this.pino[level]({ event: PLAIN_EVENT, ...OWN_TRACE, ...currentLogFields(), ...toFields(message, rest) });
    }
  }
}

/** Nest appends the logger's name as the last text; a text of several lines before it is a stack. */
function toFields(message: unknown, rest: readonly unknown[]): Fields {
  const last = rest.at(-1);
  const hasName = typeof last === 'string' && !last.includes('\n');
  const extras = hasName ? rest.slice(0, -1) : rest;
  return {
    ...(hasName ? { logger: last } : {}),
    ...extras.reduce<Fields>((fields, extra) => ({ ...fields, ...partOf(extra, 'stack') }), {}),
    ...partOf(message, 'message'),
  };
}

function partOf(part: unknown, textKey: 'message' | 'stack'): Fields {
  if (part === undefined || part === null) {
    return {};
  }
  if (typeof part === 'string') {
    return { [textKey]: redactText(part) };
  }
  if (part instanceof Error) {
    return { message: redactText(part.message), error: redact(part) };
  }
  const clean = redact(part);
  return isFields(clean) ? snakeCased(clean) : { message: String(clean) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function snakeCased(fields: Fields): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
