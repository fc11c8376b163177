export { checkConfig, ConfigError, settings } from './config.js';
export type { Environment, SettingsOf, VariableTable } from './config.js';
export {
  decimal,
  existingFile,
  flag,
  integer,
  list,
  oneOf,
  optionalSecret,
  optionalText,
  optionalUrl,
  secretUrl,
  text,
  VariableProblem,
} from './config-variables.js';
export type { Variable } from './config-variables.js';
export { HealthRegistry } from './health.registry.js';
export type { HealthCheck, HealthCheckOptions, HealthReport, HealthState } from './health.registry.js';
export { toHttpError } from './http.errors.js';
export { requestIdOf } from './http.server.js';
export { JsonLogger } from './json.logger.js';
export type { LoggerOptions } from './json.logger.js';
export { isPassing } from './microservices.js';
export { LOG_LEVELS, PlatformConfig } from './platform.config.js';
export type { LogLevel } from './platform.config.js';
export { redact, redactText } from './redact.js';
export { runService } from './run-service.js';
export { startService } from './service.js';
export type { RunningService, ServiceOptions } from './service.js';
export { shutDown } from './shutdown.js';
export type { ShutdownStep } from './shutdown.js';
export { startTracing } from './tracing.js';
export type { TracingOptions } from './tracing.js';
