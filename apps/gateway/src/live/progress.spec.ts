import fc from 'fast-check';
import { Progress } from './progress.js';

const head = (lastSequence: number, epochMs = 7) => ({ epochMs, firstSequence: 1, lastSequence });

it('takes what comes after the baseline as new, once', () => {
  const progress = new Progress(head(10));
  expect(progress.judge('a', 10, 9)).toBe('seen');
  expect(progress.judge('a', 11, 10)).toBe('new');
  progress.advance('a', 11);
  expect(progress.judge('a', 11, 10)).toBe('seen');
  expect(progress.position).toEqual({ epochMs: 7, sequence: 11 });
});

it('notices that a message of a subject was missed, and from where to look for it', () => {
  const progress = new Progress(head(10));
  progress.advance('a', 11);
  progress.advance('b', 15);
  expect(progress.judge('a', 20, 14)).toBe('gap');
  progress.suspectFrom('a');
  expect(progress.safeSequence).toBe(11);
  progress.settle(head(20));
  expect(progress.safeSequence).toBe(20);
  expect(progress.judge('a', 14, 11)).toBe('seen');
});

it('takes a message that arrives behind others of its stream as new', () => {
  const progress = new Progress(head(10));
  progress.advance('b', 12);
  expect(progress.judge('a', 11, 3)).toBe('new');
});

it('counts anew when the stream was made anew', () => {
  const progress = new Progress(head(1_000));
  progress.advance('a', 1_001);
  progress.settle(head(2, 8));
  expect(progress.position).toEqual({ epochMs: 8, sequence: 2 });
  expect(progress.judge('a', 3, 0)).toBe('new');
});

it('counts anew when a crash took the end of the stream away', () => {
  const progress = new Progress(head(10));
  progress.advance('a', 15);
  expect(progress.isOtherThan(head(12))).toBe(true);
  progress.settle(head(12));
  expect(progress.judge('a', 13, 12)).toBe('new');
});

it('takes each message of any interleaving of live and replay exactly once', () => {
  const arrivals = fc.shuffledSubarray([...Array(30).keys()].flatMap((i) => [i + 11, i + 11]));
  fc.assert(
    fc.property(arrivals, (sequences) => {
      const progress = new Progress(head(10));
      const taken: number[] = [];
      for (const sequence of sequences) {
        const subject = `s${sequence}`;
        if (progress.judge(subject, sequence, 0) !== 'new') continue;
        progress.advance(subject, sequence);
        taken.push(sequence);
      }
      expect(taken.sort((a, b) => a - b)).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    }),
  );
});
