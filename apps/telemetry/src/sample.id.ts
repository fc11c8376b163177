import type { StreamPosition } from '#libs/jetstream';

const VERSION_8 = '8000';
const VARIANT = 0x8000;
const LOW_BITS = 2 ** 48;

/**
 * The sample's stream position as a UUID (version 8, RFC 9562): 48 bits of the stream's epoch in milliseconds, 62 bits of
 * sequence. The same message has the same id however often it is delivered, and ids sort as the stream does, so the
 * primary key grows at its end.
 */
export function sampleIdOf({ epochMs, sequence }: StreamPosition): string {
  const epoch = hex(epochMs, 12);
  const high = hex(VARIANT + Math.floor(sequence / LOW_BITS), 4);
  return `${epoch.slice(0, 8)}-${epoch.slice(8)}-${VERSION_8}-${high}-${hex(sequence % LOW_BITS, 12)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
