import { isUuid, MusterError } from '#libs/contracts';

/** Where a page ended: the sort key of its last sample. */
export interface SampleKey {
  /** ISO 8601, broker's clock. */
  readonly receivedAt: string;
  readonly sampleId: string;
}

/** The opaque text that a client sends back. */
export function toCursor({ receivedAt, sampleId }: SampleKey): string {
  return Buffer.from(`${receivedAt}_${sampleId}`).toString('base64url');
}

/** @throws MusterError `CURSOR_INVALID` for a text that {@link toCursor} did not make. */
export function fromCursor(cursor: string): SampleKey {
  const [receivedAt = '', sampleId = ''] = Buffer.from(cursor, 'base64url').toString().split('_');
  if (!isInstant(receivedAt) || !isUuid(sampleId)) {
    throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a page of samples.');
  }
  return { receivedAt, sampleId };
}

function isInstant(text: string): boolean {
  const timeMs = Date.parse(text);
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString() === text;
}
