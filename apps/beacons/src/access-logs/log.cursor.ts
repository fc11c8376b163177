import { MusterError } from '#libs/contracts';

/** Where a page ended: the sort key of its last log. */
export interface LogKey {
  readonly atMs: number;
  readonly logId: number;
}

/** The opaque text that a client sends back. */
export function toCursor({ atMs, logId }: LogKey): string {
  return Buffer.from(`${atMs}_${logId}`).toString('base64url');
}

/** @throws MusterError `CURSOR_INVALID` for a text that {@link toCursor} did not make. */
export function fromCursor(cursor: string): LogKey {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, atMs, logId] = /^(-?\d{1,15})_(\d{1,15})$/.exec(text) ?? [];
  if (atMs === undefined || logId === undefined) {
    throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a page of access logs.');
  }
  return { atMs: Number(atMs), logId: Number(logId) };
}
