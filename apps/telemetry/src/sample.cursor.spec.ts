import { MusterError } from '#libs/contracts';
import { fromCursor, toCursor } from './sample.cursor.js';

const key = { receivedAt: '2026-11-20T10:00:00.123Z', sampleId: '0193a1b2-c3d4-8000-8000-00000000002a' };

it('gives back what it was made of', () => {
  expect(fromCursor(toCursor(key))).toEqual(key);
});

it.each([
  '',
  'nonsense',
  toCursor({ ...key, sampleId: "x' OR 1=1" }),
  toCursor({ ...key, receivedAt: 'yesterday' }),
  toCursor({ ...key, receivedAt: '2026-11-20' }),
])('refuses %p', (cursor) => {
  expect(() => fromCursor(cursor)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }) as MusterError);
});
