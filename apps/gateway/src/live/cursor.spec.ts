import fc from 'fast-check';
import type { StreamName } from '#libs/contracts';
import { decodeCursor, encodeCursor } from './cursor.js';

const STREAMS: readonly StreamName[] = ['EVENTS', 'ROBOT_STATUS', 'ROBOT_TELEMETRY'];
const MAX = 2 ** 48 - 1;

const position = fc.record({ epochMs: fc.nat(MAX), sequence: fc.nat(MAX) });
const positions = fc.tuple(position, position, position);

it('reads back whatever positions it wrote', () => {
  fc.assert(
    fc.property(positions, (wanted) => {
      expect(decodeCursor(STREAMS, encodeCursor(STREAMS, wanted))).toEqual(wanted);
    }),
  );
});

it('reads no text that was cut, lengthened or altered in one place', () => {
  fc.assert(
    fc.property(positions, fc.nat(51), fc.constantFrom('a', 'Z', '0', '_', '-'), (wanted, index, char) => {
      const text = encodeCursor(STREAMS, wanted);
      const altered = text.slice(0, index) + char + text.slice(index + 1);
      expect(decodeCursor(STREAMS, text.slice(0, index))).toBeUndefined();
      expect(decodeCursor(STREAMS, `${text}${char}`)).toBeUndefined();
      fc.pre(altered !== text);
      expect(decodeCursor(STREAMS, altered)).not.toEqual(wanted);
    }),
  );
});

it('reads no arbitrary text and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => decodeCursor(STREAMS, text) === undefined),
  );
});

it('does not take a cursor of other streams', () => {
  const one = { epochMs: 1, sequence: 2 };
  const others: readonly StreamName[] = ['EVENTS', 'ROBOT_TELEMETRY', 'ROBOT_STATUS'];
  expect(decodeCursor(others, encodeCursor(STREAMS, [one, one, one]))).toBeUndefined();
  expect(decodeCursor(['EVENTS'], encodeCursor(STREAMS, [one, one, one]))).toBeUndefined();
});
