import { assignedIds } from './assigned.id.js';
import { judgeRegistration, type Enrolment, type KnownOrchestrator } from './registration.policy.js';

const NOW_MS = Date.parse('2026-11-21T04:00:00Z');
const HOUR_MS = 3_600_000;
const at = (hours: number): Date => new Date(NOW_MS + hours * HOUR_MS);

const CLOSED: Enrolment = {
  orchestratorId: 'orch-001',
  fingerprint: 'own',
  hasSecret: false,
  providedFingerprint: null,
  trustsFirstUse: false,
  otherActiveId: null,
  known: null,
};
const REGISTERED: KnownOrchestrator = {
  fingerprint: 'own',
  isActive: true,
  registeredAt: at(-25),
  tokenExpiresAt: at(143),
};
const judge = (more: Partial<Enrolment>): string => judgeRegistration({ ...CLOSED, ...more }, NOW_MS);
const refusal = (more: Partial<Enrolment>): unknown => {
  try {
    return judge(more);
  } catch (error) {
    return error;
  }
};

describe('who may register', () => {
  it.each([
    ['the secret', { hasSecret: true }, 'secret'],
    ['the key that was provided', { providedFingerprint: 'own' }, 'provided'],
    ['the provided key, so the secret is kept', { providedFingerprint: 'own', hasSecret: true }, 'provided'],
    ['the secret beside another provided key', { providedFingerprint: 'other', hasSecret: true }, 'secret'],
    ['the pinned key', { known: REGISTERED }, 'pinned'],
    ['the pinned key, so the secret is kept', { known: REGISTERED, hasSecret: true }, 'pinned'],
    ['any key at first use where that is on', { trustsFirstUse: true }, 'firstUse'],
    [
      'the secret after a reset',
      { known: { ...REGISTERED, fingerprint: null, isActive: false }, hasSecret: true },
      'secret',
    ],
  ] as const)('has %s', (_what, enrolment, trust) => {
    expect(judge(enrolment)).toBe(trust);
  });

  it.each([
    ['nothing', {}],
    ['another key than the provided one', { providedFingerprint: 'other' }],
    ['another key than the provided one, first use or not', { providedFingerprint: 'other', trustsFirstUse: true }],
    ['another key than the pinned one', { known: { ...REGISTERED, fingerprint: 'other' } }],
    [
      'another key than the pinned one, with a secret',
      { known: { ...REGISTERED, fingerprint: 'other' }, hasSecret: true },
    ],
    ['the old key after a reset', { known: { ...REGISTERED, fingerprint: null, isActive: false } }],
  ])('has not %s', (_what, enrolment) => {
    expect(refusal(enrolment)).toMatchObject({ code: 'AUTH_INVALID_SIGNATURE' });
  });

  it('ORC-120 nobody, while another orchestrator is in charge', () => {
    expect(refusal({ otherActiveId: 'orch-002', hasSecret: true })).toMatchObject({ code: 'ORCHESTRATOR_ACTIVE' });
  });
});

describe('how often', () => {
  it.each([
    ['ORC-012 not within 24 hours while the token is good', -1, 143, 23 * 3600],
    ['ORC-012 as soon as the token is over, if that is sooner', -1, 1, 3600],
    ['again after 24 hours', -24, 143, undefined],
    ['again at once without a token that is good', -1, -0.001, undefined],
  ] as const)('%s', (_what, registered, expires, retryAfterSeconds) => {
    const known = { ...REGISTERED, registeredAt: at(registered), tokenExpiresAt: at(expires) };
    if (retryAfterSeconds === undefined) return expect(judge({ known })).toBe('pinned');
    expect(refusal({ known })).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', details: { retryAfterSeconds } });
  });

  it('at once after a reset', () => {
    const known = { fingerprint: null, isActive: false, registeredAt: at(-1), tokenExpiresAt: at(167) };
    expect(judge({ known, hasSecret: true })).toBe('secret');
  });
});

describe('assigned ids', () => {
  it.each([
    ['mall-a-uuid', 'orch-001', 'orch-mall-a-001'],
    ['mall-a', '001', 'orch-mall-a-001'],
    ['-uuid', 'orch-', 'orch--uuid-'],
    ['M', 'robot-room', 'orch-M-robot-room'],
  ])('ORC-008 %s and %s are %s', (entityId, orchestratorId, expected) => {
    expect(assignedIds(entityId, orchestratorId)[0]).toBe(expected);
  });

  it('are one token of at most 64 characters, and different where the readable ones are not', () => {
    const long = 'x'.repeat(64);
    const ids = [...assignedIds(long, long), ...assignedIds('a-b', 'c'), ...assignedIds('a', 'b-c')];
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(assignedIds('a-b', 'c')[1]).not.toBe(assignedIds('a', 'b-c')[1]);
    expect(assignedIds(long, long)[0]).not.toBe(assignedIds(long, `${long.slice(1)}y`)[0]);
  });
});
