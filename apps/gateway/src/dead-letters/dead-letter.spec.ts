import { headers as newHeaders } from '@nats-io/transport-node';
import { shownHeaders, showPayload } from './dead-letter.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('shows JSON as JSON, other text as text and the rest as base64', () => {
  expect(showPayload(bytes('{"a":[1]}'), 100)).toEqual({
    payload: { a: [1] },
    payloadEncoding: 'json',
    payloadBytes: 9,
    payloadTruncated: false,
  });
  expect(showPayload(bytes('{"a":'), 100)).toMatchObject({ payload: '{"a":', payloadEncoding: 'text' });
  expect(showPayload(bytes(''), 100)).toMatchObject({ payload: '', payloadEncoding: 'text', payloadBytes: 0 });
  expect(showPayload(new Uint8Array([0xff, 0xfe, 0]), 100)).toMatchObject({
    payload: '//4A',
    payloadEncoding: 'base64',
  });
});

it.each([
  ['"aaaaaaaaaa"', '"aaaa'],
  ['aaaä€', 'aaaä'],
  ['aaaa🤖', 'aaaa'],
])('of %s it shows the first 5 bytes that are whole characters', (text, payload) => {
  expect(showPayload(bytes(text), 5)).toMatchObject({ payload, payloadEncoding: 'text', payloadTruncated: true });
});

it('leaves the broker’s own headers out', () => {
  const headers = newHeaders();
  headers.append('Nats-Msg-Id', 'x');
  headers.append('traceparent', 'a');
  headers.append('custom', 'b');
  headers.append('custom', 'c');
  expect(shownHeaders(headers)).toEqual({ traceparent: ['a'], custom: ['b', 'c'] });
});
