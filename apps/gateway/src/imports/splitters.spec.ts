import fc from 'fast-check';
import { JsonMallSplitter } from './json-mall.splitter.js';
import { NdjsonSplitter } from './ndjson.splitter.js';
import { MAX_ROW_BYTES, type RowSplitter } from './row.splitter.js';

/** Reads an upload in chunks of some size. */
function read(splitter: RowSplitter, text: string | Buffer, chunkBytes = 7): unknown[] {
  const bytes = Buffer.from(text);
  const rows = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    rows.push(...splitter.push(bytes.subarray(at, at + chunkBytes)));
  rows.push(...splitter.end());
  return rows.map(({ row, collection, bytes: value }) => [row, collection ?? null, value?.toString('utf8') ?? null]);
}

const COLLECTION = fc.constantFrom('areas', 'beacons', 'merchants', 'connections', 'other');

describe('a whole mall as JSON', () => {
  it('is cut into its records, wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(COLLECTION, fc.array(fc.jsonValue(), { maxLength: 4 })), { maxLength: 4 }),
        fc.constantFrom(undefined, 2),
        fc.integer({ min: 1, max: 40 }),
        (members, indent, chunkBytes) => {
          const text = `{${members.map(([name, list]) => `"${name}" :${JSON.stringify(list, null, indent)} `).join(', ')}}`;
          const expected = members
            .filter(([name]) => name !== 'other')
            .flatMap(([name, list]) => list.map((value) => [name, JSON.stringify(value)]));
          const found = read(new JsonMallSplitter(), text, chunkBytes) as [number, string, string][];
          expect(found.map(([, name, value]) => [name, JSON.stringify(JSON.parse(value))])).toEqual(expected);
          expect(found.map(([row]) => row)).toEqual(expected.map((_, index) => index + 1));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps the records around a bad one', () => {
    const rows = read(new JsonMallSplitter(), '{"areas":[{"id":"a"},{"id":nonsense,"x":}, 17 ,"text",{"id":"b"}]}');
    expect(rows.map((row) => (row as unknown[])[2])).toEqual([
      '{"id":"a"}',
      '{"id":nonsense,"x":}',
      '17',
      '"text"',
      '{"id":"b"}',
    ]);
  });

  it.each([
    ['', 'breaks off'],
    ['  ', 'breaks off'],
    ['{"areas":[{"id":"a"}', 'breaks off'],
    ['{"areas":[{"id":"a"}],', 'breaks off'],
    ['[]', 'should be {'],
    ['{"areas":{}}', 'should be ['],
    ['{"areas":[,]}', 'should be a record'],
    ['{"areas":[1,]}', 'should be a record'],
    ['{"areas":[1 2]}', 'should be ,'],
    ['{"areas":[]}x', 'should be the end'],
    ['{areas:[]}', 'should be "'],
    ['{"areas" []}', 'should be :'],
    ['{"x":}', 'should be a value'],
    [`{"${'k'.repeat(300_000)}":1}`, 'should be a short name'],
    ['\u0000\u0001', 'should be {'],
  ])('is refused when it is not one: %#', (text, problem) => {
    expect(() => read(new JsonMallSplitter(), text)).toThrow(problem);
  });

  it('hands out what stands before the place where it breaks off', () => {
    const splitter = new JsonMallSplitter();
    expect(splitter.push(Buffer.from('{"areas":[{"id":"a"},{"id":'))).toHaveLength(1);
    expect(() => splitter.end()).toThrow('breaks off after 27 bytes');
  });

  it('may begin with a byte order mark', () => {
    expect(read(new JsonMallSplitter(), '\uFEFF{"areas":[{}]}', 1)).toEqual([[1, 'areas', '{}']]);
  });

  it('names the collections that it has, also the empty ones', () => {
    const splitter = new JsonMallSplitter();
    read(splitter, '{"areas":[],"merchants":[{}],"x":1}');
    expect(splitter.collections).toEqual(['areas', 'merchants']);
  });

  it('holds no record that is too large, and goes on behind it', () => {
    const huge = `{"id":"${'x'.repeat(3 * MAX_ROW_BYTES)}"}`;
    const rows = read(new JsonMallSplitter(), `{"areas":[${huge},{"id":"b"}]}`, 65_536);
    expect(rows).toEqual([
      [1, 'areas', null],
      [2, 'areas', '{"id":"b"}'],
    ]);
  });
});

describe('NDJSON', () => {
  it('is cut into its lines, wherever the chunks end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.integer({ min: 1, max: 20 }),
        (values, newline, chunkBytes) => {
          const text = values.map((value) => JSON.stringify(value)).join(newline);
          const found = read(new NdjsonSplitter(), text, chunkBytes) as [number, null, string][];
          expect(found.map(([, , value]) => value.trim())).toEqual(values.map((value) => JSON.stringify(value)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('counts empty lines, and needs no line feed at the end', () => {
    const rows = read(new NdjsonSplitter(), '\n{"a":1}\n  \nnonsense\n{"b":2}');
    expect(rows).toEqual([
      [2, null, '{"a":1}'],
      [4, null, 'nonsense'],
      [5, null, '{"b":2}'],
    ]);
  });

  it('holds no line that is too long', () => {
    const rows = read(new NdjsonSplitter(), `${'x'.repeat(3 * MAX_ROW_BYTES)}\n{}`, 65_536);
    expect(rows).toEqual([
      [1, null, null],
      [2, null, '{}'],
    ]);
  });
});
