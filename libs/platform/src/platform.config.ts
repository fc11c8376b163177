import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { settings } from './config.js';
import type { Environment } from './config.js';
import {
  decimal,
  existingFile,
  integer,
  list,
  oneOf,
  optionalText,
  optionalUrl,
  secretUrl,
  text,
} from './config-variables.js';

/** Log levels of the documents, in LOG_LEVEL's spelling. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const Settings = settings({
  port: integer('PORT', { default: 3000, min: 0, max: 65_535, hint: 'the TCP port to listen on, 0 for any free one' }),
  host: text('HOST', { default: '127.0.0.1', hint: 'the address to listen on, 0.0.0.0 for all' }),
  dataDirectory: text('DATA_DIR', { default: '.data', hint: 'a directory that the process may write' }),
  natsPort: integer('NATS_PORT', { default: 4222, min: 1, max: 65_535, hint: 'the port of the local broker' }),
  natsUrl: optionalText('NATS_URL', { hint: 'nats://host:port, several separated by commas' }),
  natsCreds: existingFile('NATS_CREDS', { hint: 'the path of a .creds file' }),
  natsKeysDirectory: optionalText('NATS_KEYS_DIR', { hint: "the directory of the broker's keys.json" }),
  streamReplicas: integer('STREAM_REPLICAS', {
    default: 1,
    min: 1,
    max: 5,
    hint: 'how many broker nodes keep a stream',
  }),
  databaseUrl: secretUrl('DATABASE_URL', ['postgres:', 'postgresql:'], {
    hint: 'the URL of your Postgres (postgres://…/database), or start everything with npm start',
  }),
  databasePoolSize: integer('DATABASE_POOL_SIZE', {
    default: 10,
    min: 2,
    max: 200,
    hint: 'the most connections that this process may hold',
  }),
  databaseStatementTimeoutMs: integer('DATABASE_STATEMENT_TIMEOUT_MS', {
    default: 15_000,
    min: 0,
    max: 3_600_000,
    hint: 'milliseconds after which a statement is cancelled, 0 for never',
  }),
  databaseSlowQueryMs: integer('DATABASE_SLOW_QUERY_MS', {
    default: 1_000,
    min: 1,
    max: 3_600_000,
    hint: 'milliseconds above which a statement is logged',
  }),
  corsOrigins: list('CORS_ORIGINS', { hint: 'the allowed origins, e.g. https://fleet.example.com, or *' }),
  trustedProxies: list('TRUSTED_PROXIES', {
    hint: 'the addresses or networks of the proxies in front, e.g. 10.0.0.0/8',
  }),
  bodyLimitBytes: integer('BODY_LIMIT_BYTES', {
    default: 1_048_576,
    min: 1_024,
    max: 104_857_600,
    hint: 'the most bytes of a request body',
  }),
  httpIdleTimeoutMs: integer('HTTP_IDLE_TIMEOUT_MS', {
    default: 120_000,
    min: 100,
    max: 3_600_000,
    hint: 'milliseconds after which a connection on which nothing moves is closed; above the 30 s of a ping',
  }),
  logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, { default: 'info', hint: 'the least level that is written' }),
  otlpEndpoint: optionalUrl('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:'], {
    hint: 'the base URL of an OTLP/HTTP collector, e.g. http://localhost:4318',
  }),
  traceRatio: decimal('OTEL_TRACES_SAMPLER_ARG', { default: 1, min: 0, max: 1, hint: 'the share of traces to export' }),
  shutdownTimeoutMs: integer('SHUTDOWN_TIMEOUT_MS', {
    default: 15_000,
    min: 100,
    max: 600_000,
    hint: 'milliseconds that an orderly end may take before the process is cut off',
  }),
});

/** What every app of the platform is told by its environment. */
export class PlatformConfig extends Settings {
  /** `serviceName` is the app's: it selects the default .creds file. */
  constructor(
    readonly serviceName: string,
    environment?: Environment,
  ) {
    super(environment);
  }

  /** Comma-separated server URLs. */
  get brokerUrl(): string {
    return this.natsUrl ?? `nats://127.0.0.1:${String(this.natsPort)}`;
  }

  /** The .creds file to use; `undefined` = connect without credentials. */
  get brokerCredentialsFile(): string | undefined {
    const usual = join(this.brokerKeysDirectory, `${this.serviceName}.creds`);
    return this.natsCreds ?? (existsSync(usual) ? usual : undefined);
  }

  /** Where keys.json of the broker's operator is. */
  get brokerKeysDirectory(): string {
    return resolve(this.natsKeysDirectory ?? join(this.dataDirectory, 'nats'));
  }
}
