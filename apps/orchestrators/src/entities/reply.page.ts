import { MAX_REPLY_BYTES, MusterError } from '#libs/contracts';

/** Rows that one question reads at most: a page is answered in as many questions as it takes. */
export const ROWS_PER_REPLY = 100;

/** The rows from the first on that fit into one reply; at least one, when there is any. */
export function whatFits<Row>(rows: readonly Row[]): readonly Row[] {
  let sizeBytes = 0;
  const end = rows.findIndex((row, index) => {
    sizeBytes += Buffer.byteLength(JSON.stringify(row)) + 1;
    return index > 0 && sizeBytes > MAX_REPLY_BYTES;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

export function foreignCursor(after: string): MusterError {
  return new MusterError('CURSOR_INVALID', 'The cursor is not one that this list gave out.', { after });
}
