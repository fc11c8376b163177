import { integer, settings } from '#libs/platform';

const MIB = 1_048_576;

/** What the gateway is told about firmware files. */
export class FirmwareEdgeSettings extends settings({
  maxBytes: integer('FIRMWARE_MAX_BYTES', {
    default: 128 * MIB,
    min: 1_024,
    max: 4_096 * MIB,
    hint: 'the most bytes of an uploaded firmware file',
  }),
  diskMaxBytes: integer('FIRMWARE_CACHE_MAX_BYTES', {
    default: 1_024 * MIB,
    min: MIB,
    max: 1_048_576 * MIB,
    hint: 'the most bytes of firmware files that a gateway keeps in DATA_DIR/cache/firmware; the longest unused go first',
  }),
}) {}
