import { createHmac, timingSafeEqual } from 'node:crypto';
import { MusterError } from '#libs/contracts';

/** Where a walk through the changes of an entity stands. */
export interface SyncPosition {
  /** The change after which the walk started: its base. */
  readonly baseSeq: number;
  /** The last change that the caller has. */
  readonly atSeq: number;
  /** The change with which the walk ends, and the instant that is told with it; absent before a walk begins. */
  readonly head?: { readonly seq: number; readonly atMs: number };
}

const VERSION = 1;
const NUMBERS = 4;
const NUMBER_BYTES = 8;
const BODY_BYTES = 1 + NUMBERS * NUMBER_BYTES;
const SEAL_BYTES = 16;

/** The opaque text that a client sends back, sealed with its entity's key. */
export function toCursor({ baseSeq, atSeq, head }: SyncPosition, key: Buffer): string {
  const body = Buffer.alloc(BODY_BYTES);
  body.writeUInt8(VERSION);
  // A head at instant 0 is none.
  [baseSeq, atSeq, head?.seq ?? 0, head?.atMs ?? 0].forEach((number, index) =>
    body.writeBigUInt64BE(BigInt(number), 1 + index * NUMBER_BYTES),
  );
  return Buffer.concat([body, sealOf(body, key)]).toString('base64url');
}

/** @throws MusterError `CURSOR_INVALID` for a text that {@link toCursor} did not make with this key. */
export function fromCursor(cursor: string, key: Buffer): SyncPosition {
  const bytes = Buffer.from(cursor, 'base64url');
  const body = bytes.subarray(0, BODY_BYTES);
  const isOurs =
    bytes.length === BODY_BYTES + SEAL_BYTES &&
    // What decodes is not always what was written: base64 skips what it does not know.
    bytes.toString('base64url') === cursor &&
    timingSafeEqual(sealOf(body, key), bytes.subarray(BODY_BYTES)) &&
    body.readUInt8() === VERSION;
  if (!isOurs) throw new MusterError('CURSOR_INVALID', 'The cursor is not one of a sync of this entity.');
  const [baseSeq = 0, atSeq = 0, seq = 0, atMs = 0] = Array.from({ length: NUMBERS }, (_, index) =>
    Number(body.readBigUInt64BE(1 + index * NUMBER_BYTES)),
  );
  return { baseSeq, atSeq, ...(atMs > 0 && { head: { seq, atMs } }) };
}

function sealOf(body: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest().subarray(0, SEAL_BYTES);
}
