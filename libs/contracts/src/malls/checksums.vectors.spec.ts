import { readFileSync } from 'node:fs';
import { canonicalJson } from '../canonical-json.js';
import { type Collection, collectionChecksum, globalChecksum, recordChecksum } from './checksums.js';

interface Vectors {
  readonly records: readonly { name: string; json: string; canonical: string; checksum: string }[];
  readonly collections: readonly { name: string; records: { id: string; checksum: string }[]; checksum: string }[];
  readonly globals: readonly { name: string; checksums: Record<Collection, string>; global: string }[];
}

const { records, collections, globals }: Vectors = JSON.parse(
  readFileSync('docs/vectors/sync-checksums.json', 'utf8'),
) as Vectors;

it.each(records)('ORC-126 the published record "$name" has its canonical text and checksum', (vector) => {
  const record: Record<string, unknown> = JSON.parse(vector.json);
  const { checksum: _checksum, ...rest } = record;
  expect(canonicalJson(rest)).toBe(vector.canonical);
  expect(recordChecksum(record)).toBe(vector.checksum);
});

it.each(collections)('ORC-126 the published collection "$name" has its checksum', (vector) => {
  expect(collectionChecksum(vector.records)).toBe(vector.checksum);
  expect(collectionChecksum([...vector.records].reverse())).toBe(vector.checksum);
});

it.each(globals)('ORC-126 the published mall "$name" has its global checksum', (vector) => {
  expect(globalChecksum(vector.checksums)).toBe(vector.global);
});
