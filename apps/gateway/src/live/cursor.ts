import type { StreamName } from '#libs/contracts';
import type { Positions } from './live.group.js';

const VERSION = 1;
/** Bytes of an instant or a sequence: good for 281 trillion of either. */
const NUMBER_BYTES = 6;
const CHECK_BYTES = 2;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

const lengthFor = (streams: readonly StreamName[]): number => 1 + streams.length * 2 * NUMBER_BYTES + CHECK_BYTES;

/** Writes positions as the opaque text that a client keeps. */
export function encodeCursor(streams: readonly StreamName[], positions: Positions): string {
  const bytes = Buffer.allocUnsafe(lengthFor(streams));
  let offset = bytes.writeUInt8(VERSION, 0);
  for (const { epochMs, sequence } of positions) {
    offset = bytes.writeUIntBE(epochMs, offset, NUMBER_BYTES);
    offset = bytes.writeUIntBE(sequence, offset, NUMBER_BYTES);
  }
  bytes.writeUInt16BE(checkOf(streams, bytes, offset), offset);
  return bytes.toString('base64url');
}

/** Reads a cursor; `undefined` for a text that is none, was cut or altered, or belongs to other streams. */
export function decodeCursor(streams: readonly StreamName[], text: string): Positions | undefined {
  const length = lengthFor(streams);
  if (text.length !== Math.ceil((length * 4) / 3) || !BASE64URL.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const end = length - CHECK_BYTES;
  if (bytes.toString('base64url') !== text || bytes.readUInt8(0) !== VERSION) return undefined;
  if (bytes.readUInt16BE(end) !== checkOf(streams, bytes, end)) return undefined;
  return streams.map((_stream, index) => {
    const offset = 1 + index * 2 * NUMBER_BYTES;
    return {
      epochMs: bytes.readUIntBE(offset, NUMBER_BYTES),
      sequence: bytes.readUIntBE(offset + NUMBER_BYTES, NUMBER_BYTES),
    };
  });
}

/** FNV-1a over the names and the bytes: a guard against accidents, not against people. */
function checkOf(streams: readonly StreamName[], bytes: Buffer, end: number): number {
  let hash = seedOf(streams);
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), FNV_PRIME);
  return ((hash >>> 16) ^ hash) & 0xffff;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Keyed by the group's own array of names, of which there are as many as kinds of groups. */
const seeds = new WeakMap<readonly StreamName[], number>();

function seedOf(streams: readonly StreamName[]): number {
  const known = seeds.get(streams);
  if (known !== undefined) return known;
  let hash = FNV_OFFSET;
  for (const char of streams.join()) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  seeds.set(streams, hash);
  return hash;
}
