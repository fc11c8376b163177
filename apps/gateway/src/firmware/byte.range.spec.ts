import { allowsRange, isKnownTag, parseRange } from './byte.range.js';

const SIZE = 524_288;
const part = (start: number, end: number): object => ({ kind: 'part', start, end });
const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };

it.each([
  [undefined, whole],
  ['bytes=0-1048575', part(0, 524_287)],
  ['bytes=0-1023', part(0, 1_023)],
  ['bytes=1024-', part(1_024, 524_287)],
  ['bytes=0-0', part(0, 0)],
  ['bytes=524287-', part(524_287, 524_287)],
  ['bytes=524287-524287', part(524_287, 524_287)],
  ['Bytes = 5-9', part(5, 9)],
  ['bytes=-1', part(524_287, 524_287)],
  ['bytes=-999999999', part(0, 524_287)],
  ['bytes=0-99999999999999999999', part(0, 524_287)],
  ['bytes=-0', unsatisfiable],
  ['bytes=524288-', unsatisfiable],
  ['bytes=524288-600000', unsatisfiable],
  ['bytes=99999999999999999999-', unsatisfiable],
  ['bytes=9-5', whole],
  ['bytes=-', whole],
  ['bytes=', whole],
  ['bytes=a-b', whole],
  ['bytes=0-1,4-5', whole],
  ['items=0-5', whole],
  ['', whole],
])('ORC-043 reads Range %s of 524288 bytes', (header, range) => {
  expect(parseRange(header, SIZE)).toEqual(range);
});

it.each([['bytes=0-'], ['bytes=-5'], ['bytes=0-0']])('has no range %s in an empty file', (header) => {
  expect(parseRange(header, 0)).toEqual(unsatisfiable);
});

it.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", W/"a"', true],
  ['*', true],
  ['"b"', false],
  [undefined, false],
])('knows %s in If-None-Match: %s', (header, known) => {
  expect(isKnownTag(header, '"a"')).toBe(known);
});

it.each([
  [undefined, true],
  ['"a"', true],
  ['W/"a"', false],
  ['"b"', false],
  ['Wed, 21 Oct 2026 07:28:00 GMT', false],
])('lets a range stand under If-Range %s: %s', (header, stands) => {
  expect(allowsRange(header, '"a"')).toBe(stands);
});
