import { randomBytes } from 'node:crypto';

const VERSION_7 = 0x70;
const VARIANT = 0x80;

/** A UUID of version 7: its first 48 bits are the milliseconds, so that new rows stand beside each other in the index. */
export function newCommandId(nowMs = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.writeUInt8(VERSION_7 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(VARIANT | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
