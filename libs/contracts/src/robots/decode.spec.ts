import { decodeMessage, nestsDeeperThan } from './decode.js';
import { PermanentMessageError } from '../errors.js';
import { ROBOT_MESSAGES } from './messages.js';

const SUBJECT = 'robots.status.RB-001';
const good = {
  payloadVersion: 1,
  messageId: '0f8b6c1e-6f5e-4d0c-9f3a-1c2d3e4f5a6b',
  robotId: 'RB-001',
  sentAt: '2026-11-20T10:00:00Z',
  correlationId: null,
  type: 'status',
  payload: { state: 'IDLE' },
};

function reasonOf(body: unknown, subject = SUBJECT): string {
  const data = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  try {
    decodeMessage(ROBOT_MESSAGES.status, subject, data);
  } catch (error) {
    if (error instanceof PermanentMessageError) return error.reason;
    throw error;
  }
  return 'accepted';
}

describe('decodeMessage', () => {
  it('ROB-070 reads the seven fields of the envelope and keeps unknown ones', () => {
    const text = JSON.stringify({ ...good, extra: { kept: true } });
    const decoded = decodeMessage(ROBOT_MESSAGES.status, SUBJECT, Buffer.from(text));
    expect(decoded.robotId).toBe('RB-001');
    expect(decoded.envelope).toEqual({ ...good, extra: { kept: true } });
    expect(decoded.text).toBe(text);
  });

  it('reads Go and Python instants, with and without a zone', () => {
    for (const sentAt of [
      '2026-11-20T15:51:22.290084',
      '2026-11-20T15:51:22.123456789+09:00',
      '2026-11-20T15:51:22Z',
    ]) {
      expect(reasonOf({ ...good, sentAt })).toBe('accepted');
    }
  });

  it.each([
    ['broken JSON', '{"payloadVersion":1,', 'MALFORMED_JSON'],
    ['NaN', JSON.stringify(good).replace('"IDLE"', 'NaN'), 'MALFORMED_JSON'],
    ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe, 0x7b]), 'MALFORMED_JSON'],
    ['an empty body', '', 'MALFORMED_JSON'],
    ['a number', '5', 'ENVELOPE_INVALID'],
    ['an array', '[]', 'ENVELOPE_INVALID'],
    ['null', 'null', 'ENVELOPE_INVALID'],
    ['deep nesting', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'TOO_DEEP'],
    ['version 2', { ...good, payloadVersion: 2 }, 'VERSION_UNSUPPORTED'],
    ['a version as text', { ...good, payloadVersion: '1' }, 'VERSION_UNSUPPORTED'],
    ['no robotId', { ...good, robotId: undefined }, 'ENVELOPE_INVALID'],
    ['no type', { ...good, type: undefined }, 'ENVELOPE_INVALID'],
    ['no messageId', { ...good, messageId: undefined }, 'ENVELOPE_INVALID'],
    ['a sentAt that is no instant', { ...good, sentAt: 'a long time ago' }, 'ENVELOPE_INVALID'],
    ['a payload that is an array', { ...good, payload: [] }, 'ENVELOPE_INVALID'],
    ['a payload that is text', { ...good, payload: 'x' }, 'ENVELOPE_INVALID'],
  ])('ROB-070 refuses %s', (_what, body, reason) => {
    expect(reasonOf(body)).toBe(reason);
  });

  it.each([
    ['beyond a double', '1e400'],
    ['beyond a double, negative', '-1e309'],
    ['beyond a double without an exponent', '9'.repeat(310)],
    ['that Postgres would print with 131,000 digits', '1e131000'],
  ])('refuses a number %s: it would come back as null', (_what, number) => {
    expect(reasonOf(JSON.stringify(good).replace('"IDLE"', `[${number}]`))).toBe('NOT_STORABLE');
    expect(reasonOf({ ...good, payload: { serial: `x ${number}`, '\\': `"${number}` } })).toBe('accepted');
  });

  it('counts numbers as they are printed, since what was stored must fit into a reply', () => {
    const listOf = (number: string, count: number): string =>
      JSON.stringify(good).replace('"IDLE"', `[${Array(count).fill(number).join(',')}]`);
    expect(reasonOf(listOf('1e20', 9_000))).toBe('accepted');
    expect(reasonOf(listOf('1e20', 11_000))).toBe('PAYLOAD_INVALID');
    expect(reasonOf(listOf('1e-300', 1_000))).toBe('PAYLOAD_INVALID');
    expect(reasonOf(listOf('100000000000000000000', 11_000))).toBe('accepted');
    expect(reasonOf({ ...good, payload: { text: '1e20,'.repeat(11_000) } })).toBe('accepted');
  });

  it('ROB-071 refuses a type that does not belong on the subject', () => {
    expect(reasonOf({ ...good, type: 'identity' })).toBe('TYPE_MISMATCH');
  });

  it('believes the subject and not the body about who speaks', () => {
    expect(reasonOf({ ...good, robotId: 'RB-002' })).toBe('ROBOT_MISMATCH');
  });

  it.each([
    'robots.status.ack',
    'robots.status.a b',
    'robots.status.',
    'robots.status.é',
    `robots.status.${'x'.repeat(65)}`,
  ])('ROB-031 refuses the id in %s', (subject) => {
    expect(reasonOf(good, subject)).toBe('ROBOT_ID_INVALID');
  });
});

describe('nestsDeeperThan', () => {
  it('counts brackets outside of strings alone', () => {
    expect(nestsDeeperThan('{"a":"[[[[[[\\"[["}', 2)).toBe(false);
    expect(nestsDeeperThan('[[[]]]', 2)).toBe(true);
    expect(nestsDeeperThan('[[],[],[]]', 2)).toBe(false);
  });
});
