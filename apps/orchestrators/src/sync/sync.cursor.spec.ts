import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { fromCursor, type SyncPosition, toCursor } from './sync.cursor.js';

const KEY = randomBytes(32);
const seq = fc.nat({ max: 2 ** 31 - 1 });
const position: fc.Arbitrary<SyncPosition> = fc.oneof(
  fc.record({ baseSeq: seq, atSeq: seq }),
  fc.record({ baseSeq: seq, atSeq: seq, head: fc.record({ seq, atMs: fc.integer({ min: 1, max: 2 ** 50 }) }) }),
);

it('ORC-030 a cursor says where a walk stands, whatever the numbers', () => {
  fc.assert(fc.property(position, (where) => expect(fromCursor(toCursor(where, KEY), KEY)).toEqual(where)));
});

it('ORC-030 a cursor with one other bit, or of another key, is refused', () => {
  const bits = Buffer.from(toCursor({ baseSeq: 1, atSeq: 2, head: { seq: 3, atMs: 4 } }, KEY), 'base64url');
  for (let bit = 0; bit < bits.length * 8; bit++) {
    const changed = Buffer.from(bits);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(() => fromCursor(changed.toString('base64url'), KEY)).toThrow('The cursor is not one of a sync');
  }
  expect(() => fromCursor(bits.toString('base64url'), randomBytes(32))).toThrow('The cursor is not one');
});

it.each([
  ['nothing', ''],
  ['a word', 'cursor-abc123'],
  ['a NUL', '\0'],
  ['an emoji', '😀'],
  ['zeros of the right length', 'A'.repeat(66)],
  ['a long text', 'A'.repeat(10_000)],
  ['our own with padding', `${toCursor({ baseSeq: 1, atSeq: 1 }, KEY)}=`],
])('ORC-030 %s is no cursor', (_name, cursor) => {
  expect(() => fromCursor(cursor, KEY)).toThrow('The cursor is not one of a sync');
});
