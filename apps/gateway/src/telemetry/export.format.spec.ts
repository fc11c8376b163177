import type { SampleDto } from '#libs/contracts';
import { csvLine } from './csv.js';
import { writerOf } from './export.format.js';

const sample = (payload: SampleDto['payload']): SampleDto => ({
  robotId: 'RB-1',
  receivedAt: '2026-11-20T10:00:00.000Z',
  sentAt: '2026-11-20T09:59:59.900Z',
  messageId: 'm-1',
  sampleId: 's-1',
  payload,
});
const FRAME = 'RB-1,2026-11-20T10:00:00.000Z,2026-11-20T09:59:59.900Z,m-1';

it('quotes what RFC 4180 wants quoted', () => {
  expect(csvLine(['a', 'b,c', 'd"e', 'f\r\ng', ' h', 1.5, true, null, undefined, { i: 'j' }])).toBe(
    'a,"b,c","d""e","f\r\ng"," h",1.5,true,,,"{""i"":""j""}"\r\n',
  );
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('defuses the formula %p and leaves numbers alone', (text) => {
  expect(csvLine([text])).toMatch(/^"?'/);
  expect(csvLine([-1.5])).toBe('-1.5\r\n');
});

it('without fields the whole payload is one column', () => {
  const csv = writerOf('csv', []);
  expect(csv.header).toBe('robotId,receivedAt,sentAt,messageId,payload\r\n');
  expect(csv.lines([sample({ a: 1 }), sample({})])).toBe(`${FRAME},"{""a"":1}"\r\n${FRAME},{}\r\n`);
});

it('with fields each path is a column, empty where the robot said nothing', () => {
  const csv = writerOf('csv', ['a.b', 'list.1', '__proto__', 'toString', '=cmd']);
  expect(csv.header).toBe("robotId,receivedAt,sentAt,messageId,a.b,list.1,__proto__,toString,'=cmd\r\n");
  expect(csv.lines([sample({ a: { b: 'x' }, list: [1, -2] }), sample({ a: 5, '=cmd': '=1' })])).toBe(
    `${FRAME},x,-2,,,\r\n${FRAME},,,,,'=1\r\n`,
  );
});

it('NDJSON has one sample a line, whole or with the values asked for', () => {
  expect(JSON.parse(writerOf('ndjson', []).lines([sample({ a: 1 })]))).toEqual(sample({ a: 1 }));
  const { payload: _, ...frame } = sample({});
  expect(JSON.parse(writerOf('ndjson', ['a', 'b']).lines([sample({ a: 1 })]))).toEqual({
    ...frame,
    values: { a: 1, b: null },
  });
});
