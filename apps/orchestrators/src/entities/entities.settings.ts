import { integer, settings } from '#libs/platform';

/** What is kept of malls beside their present state. */
export class EntitiesSettings extends settings({
  historyDays: integer('ENTITY_HISTORY_DAYS', {
    default: 30,
    min: 1,
    max: 3_650,
    hint: 'the days for which changes and deletions of records are kept; who was away longer reads everything anew',
  }),
  importReportDays: integer('IMPORT_REPORT_DAYS', {
    default: 7,
    min: 1,
    max: 365,
    hint: 'the days for which the report of an import is kept',
  }),
}) {}
