import { type CommandRequest, MusterError } from '#libs/contracts';
import { newCommandId } from './command.id.js';
import { toTerms } from './command.policy.js';
import { bodyHashOf } from '../accepting/idempotency.js';

const limits = { timeoutMs: 30_000, maxTimeoutMs: 60_000, responseTimeoutMs: 10_000, maxPayloadBytes: 1_000 };
const now = new Date('2026-01-01T00:00:00Z');
const terms = (over: Record<string, unknown> = {}) =>
  toTerms({ commandType: 'dock', payload: {}, ...over } as CommandRequest, limits, now);

function failureOf(over: Record<string, unknown>): MusterError {
  try {
    terms(over);
  } catch (error) {
    return error as MusterError;
  }
  throw new Error('It was accepted.');
}

it('fills in the documented defaults', () => {
  expect(terms()).toEqual({
    commandType: 'dock',
    payload: {},
    requestedAt: now,
    expiresAt: new Date('2026-01-01T00:00:30Z'),
    timeoutMs: 30_000,
    responseTimeoutMs: 10_000,
    maxRetries: 0,
    retryDelayMs: 5_000,
  });
});

it('an expiry stands beside the time-out, and one without a zone is UTC', () => {
  expect(terms({ expiresAt: '2026-01-01T01:00:00', timeoutMs: 5_000 })).toMatchObject({
    expiresAt: new Date('2026-01-01T01:00:00Z'),
    timeoutMs: 5_000,
  });
});

it.each([
  ['commandType', { commandType: '' }],
  ['commandType', { commandType: undefined }],
  ['commandType', { commandType: 'a\u0000b' }],
  ['commandType', { commandType: 'x'.repeat(65) }],
  ['payload', { payload: [] }],
  ['payload', { payload: null }],
  ['payload', { payload: JSON.parse(`${'{"a":'.repeat(61)}1${'}'.repeat(61)}`) }],
  ['timeoutMs', { timeoutMs: 0 }],
  ['timeoutMs', { timeoutMs: 60_001 }],
  ['timeoutMs', { timeoutMs: 1.5, expiresAt: '2026-01-01T01:00:00Z' }],
  ['expiresAt', { expiresAt: '2025-12-31T23:59:59Z' }],
  ['expiresAt', { expiresAt: '2026-01-08T00:00:01Z' }],
  ['expiresAt', { expiresAt: 'tomorrow' }],
  ['responseTimeoutMs', { responseTimeoutMs: -1 }],
  ['retryPolicy.maxRetries', { retryPolicy: { maxRetries: 101, retryDelayMs: 0 } }],
  ['retryPolicy.retryDelayMs', { retryPolicy: { maxRetries: 1, retryDelayMs: -1 } }],
])('ROB-051 refuses a bad %s by name', (field, over) => {
  const { code, details } = failureOf(over);
  expect(code).toBe('VALIDATION_FAILED');
  expect(details['fields']).toEqual([{ field, problems: [expect.any(String)] }]);
});

it('says how large a payload is and may be', () => {
  expect(failureOf({ payload: { text: 'x'.repeat(1_000) } })).toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    details: { sizeBytes: 1_011, maxPayloadBytes: 1_000 },
  });
});

it('the order of fields does not change a body’s hash, their values do', () => {
  expect(bodyHashOf({ a: 1, b: { c: [1, 2], d: null } })).toBe(bodyHashOf({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(bodyHashOf({ a: [1, 2] })).not.toBe(bodyHashOf({ a: [2, 1] }));
});

it('command ids are UUIDs in the order of time', () => {
  const ids = Array.from({ length: 50 }, (_, ms) => newCommandId(1_700_000_000_000 + ms));
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
