import { redact, redactText } from './redact.js';

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJl';
const SEED = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY';

describe('redact', () => {
  it.each([
    'password',
    'passwordHash',
    'apiSecret',
    'refresh_token',
    'Authorization',
    'set-cookie',
    'creds',
    'privateKey',
    'api_key',
    'operatorSeed',
  ])('hides what stands under %s, at any depth', (key) => {
    expect(redact({ outer: [{ [key]: 'word' }] })).toEqual({ outer: [{ [key]: '[redacted]' }] });
  });

  it.each([
    [`Authorization: Bearer ${JWT}`, 'Authorization: Bearer [redacted]'],
    [`token ${JWT} refused`, 'token [redacted] refused'],
    [`seed ${SEED}`, 'seed [redacted]'],
    ['postgres://muster:p4ss@db:5432/muster', 'postgres://muster:[redacted]@db:5432/muster'],
    ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  ])('hides secrets by their form: %s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  it('keeps counts and states of secrets', () => {
    expect(redact({ tokensExpired: 3, hasPassword: true, secret: null })).toEqual({
      tokensExpired: 3,
      hasPassword: true,
      secret: null,
    });
  });

  it('bounds length, depth and breadth, and survives rings and odd values', () => {
    const ring: Record<string, unknown> = { many: Array.from({ length: 1_000 }, (_, n) => n) };
    ring.self = ring;
    const copy = redact({
      ring,
      big: 1n,
      when: new Date(0),
      bytes: new Uint8Array(5),
      run: () => 1,
      bad: new Date(NaN),
    });
    expect(JSON.stringify(copy).length).toBeLessThan(5_000);
    expect(copy).toMatchObject({
      big: '1',
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[5 bytes]',
      run: '[function]',
      bad: 'Invalid Date',
    });
    expect(redactText('x'.repeat(100_000)).length).toBeLessThan(9_000);
  });
});
