import { integer, settings } from '#libs/platform';

/** What the gateway takes of imports. */
export class ImportsSettings extends settings({
  maxBytes: integer('IMPORT_MAX_BYTES', {
    default: 256 * 1024 * 1024,
    min: 1_024,
    max: 17_179_869_184,
    hint: 'the most bytes of one upload of records',
  }),
}) {}
