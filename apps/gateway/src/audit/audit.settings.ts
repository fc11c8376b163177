import { integer, settings } from '#libs/platform';

export class AuditSettings extends settings({
  retentionDays: integer('AUDIT_RETENTION_DAYS', {
    default: 365,
    min: 30,
    max: 3_650,
    hint: 'days for which the audit log is kept; the database refuses to forget earlier than after 30',
  }),
}) {}
