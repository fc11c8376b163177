import { flag, integer, optionalSecret, settings } from '#libs/platform';

/** What access logs are kept by. */
export class AccessLogsSettings extends settings({
  retentionDays: integer('ACCESS_LOG_RETENTION_DAYS', {
    default: 1_095,
    min: 1,
    max: 36_500,
    hint: 'days for which access logs are kept; older ones are refused, and dropped by whole months',
  }),
  encryptionRequired: flag('ACCESS_LOG_ENCRYPTION_REQUIRED', {
    default: false,
    hint: 'on to refuse batches of access logs that are not encrypted',
  }),
  restKey: optionalSecret('ACCESS_LOG_REST_KEY', {
    minCharacters: 32,
    hint: 'a secret text; with it user and device ids of access logs are stored encrypted, and unreadable without it',
  }),
}) {}
