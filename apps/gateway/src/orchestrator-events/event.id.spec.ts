import fc from 'fast-check';
import { isEventId } from '#libs/contracts';
import { decodeCursor } from '../live/cursor.js';
import { EVENT_STREAMS } from './event.group.js';
import { cursorOf, eventIdOf, NOWHERE, sequenceOf } from './event.id.js';

const FIRST_MS = Date.parse('2020-01-01T00:00:00Z');
const epochs = fc.integer({ min: FIRST_MS + 60_000, max: Date.parse('2100-01-01T00:00:00Z') });
const sequences = fc.integer({ min: 0, max: 2 ** 40 });

it('ORC-014 an id is evt-<number> with a safe integer, and leads back to its sequence', () => {
  fc.assert(
    fc.property(epochs, sequences, (epochMs, sequence) => {
      const id = eventIdOf({ epochMs, sequence });
      expect(id).toMatch(/^evt-\d+$/);
      expect(isEventId(id)).toBe(true);
      expect(Number.isSafeInteger(Number(id.slice(4)))).toBe(true);
      expect(sequenceOf(id, epochMs)).toBe(sequence);
    }),
  );
});

it('ids rise with the sequence, and from a stream to the one that replaces it', () => {
  const numberOf = (epochMs: number, sequence: number) => Number(eventIdOf({ epochMs, sequence }).slice(4));
  fc.assert(
    fc.property(epochs, sequences, fc.integer({ min: 1, max: 1_000 }), (epochMs, sequence, more) => {
      expect(numberOf(epochMs, sequence + more)).toBeGreaterThan(numberOf(epochMs, sequence));
      const lifeS = Math.ceil((sequence + 1) / 1_000_000);
      expect(numberOf(epochMs + lifeS * 1000 + 1000, 1)).toBeGreaterThan(numberOf(epochMs, sequence));
    }),
  );
});

it('an id of a stream before this one is foreign', () => {
  fc.assert(
    fc.property(epochs, fc.nat(1_000_000), fc.integer({ min: 2_000, max: 1e9 }), (epochMs, sequence, laterMs) => {
      const head = { epochMs: epochMs + laterMs, firstSequence: 1, lastSequence: 10 };
      expect(cursorOf(eventIdOf({ epochMs, sequence }), head)).toEqual({ obstacle: 'cursor_foreign' });
    }),
  );
});

const head = { epochMs: Date.parse('2026-11-21T00:00:00Z'), firstSequence: 40, lastSequence: 90 };

it('evt-0 is the place before the first event that is kept', () => {
  const sequence = (of: typeof head) => decodeCursor(EVENT_STREAMS, cursorOf('evt-0', of).cursor ?? '')?.[0]?.sequence;
  expect(sequence(head)).toBe(39);
  expect(sequence({ ...head, firstSequence: 0, lastSequence: 0 })).toBe(0);
});

it('whoever comes back from nowhere is asked to read everything anew', () => {
  expect(cursorOf(NOWHERE, head)).toEqual({ obstacle: 'cursor_foreign' });
});

it.each([
  '',
  'evt-',
  'evt--1',
  'evt-01',
  'evt-1.5',
  'evt-1e3',
  'EVT-1',
  ' evt-1',
  'evt-1 ',
  'evt-12345678901234567',
  '5',
  'ü',
])('reads no id in %j', (text) => {
  expect(isEventId(text)).toBe(false);
  expect(cursorOf(text, head)).toEqual({ obstacle: 'cursor_unreadable' });
});

it('reads no arbitrary text and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      fc.pre(!/^evt-\d+$/.test(text));
      expect(cursorOf(text, head)).toEqual({ obstacle: 'cursor_unreadable' });
    }),
  );
});
