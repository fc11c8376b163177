import { isUuid } from '#libs/contracts';
import { sampleIdOf } from './sample.id.js';

const epochMs = Date.UTC(2026, 10, 20);

it('ROB-024 a sample’s id is a UUID made of its stream position alone', () => {
  const id = sampleIdOf({ epochMs, sequence: 42 });
  expect(id).toBe(sampleIdOf({ epochMs, sequence: 42 }));
  expect(isUuid(id)).toBe(true);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8000-8000-00000000002a$/);
});

it('sorts as the stream does, and a stream made anew comes after the old one', () => {
  const positions = [
    { epochMs, sequence: 1 },
    { epochMs, sequence: 255 },
    { epochMs, sequence: 256 },
    { epochMs, sequence: 2 ** 48 - 1 },
    { epochMs, sequence: 2 ** 48 },
    { epochMs, sequence: Number.MAX_SAFE_INTEGER },
    { epochMs: epochMs + 1, sequence: 1 },
  ];
  const ids = positions.map(sampleIdOf);
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(positions.length);
});
