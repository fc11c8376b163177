import { integer, optionalUrl, settings } from '#libs/platform';

/** What firmware is told by its environment. */
export class FirmwareSettings extends settings({
  cdnUrl: optionalUrl('CDN_URL', ['http:', 'https:'], {
    hint: 'the base URL of a CDN that has the firmware files under firmware/<file name>; without one fallback_url is a second route of this platform',
  }),
  cacheDays: integer('FIRMWARE_CACHE_DAYS', {
    default: 31,
    min: 1,
    max: 3_650,
    hint: 'days for which a firmware that an orchestrator brought along is kept for its entity',
  }),
  orphanAfterS: integer('FIRMWARE_ORPHAN_AFTER_S', {
    default: 3_600,
    min: 1,
    max: 604_800,
    hint: 'seconds after which an uploaded file that no firmware names is dropped',
  }),
  reportRetentionDays: integer('FIRMWARE_REPORT_RETENTION_DAYS', {
    default: 365,
    min: 1,
    max: 36_500,
    hint: 'days for which reports of updates are kept',
  }),
}) {}
