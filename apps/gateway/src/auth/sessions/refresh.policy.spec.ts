import { judgeRefresh, type RefreshVerdict } from './refresh.policy.js';

const at = new Date('2026-11-20T12:00:00Z');
const ago = (ms: number): Date => new Date(at.getTime() - ms);
const good = { expiresAt: ago(-60_000), revokedAt: null };
const attempt = { arrivedAt: at, client: 'laptop' };

describe('judgeRefresh', () => {
  it.each<[string, Parameters<typeof judgeRefresh>[0], Parameters<typeof judgeRefresh>[1], RefreshVerdict]>([
    ['fresh token', { rotatedAt: null, rotatedBy: null }, good, 'rotate'],
    ['spent while this one waited', { rotatedAt: ago(-500), rotatedBy: 'laptop' }, good, 'repeat'],
    ['spent while this one of another client waited', { rotatedAt: ago(-500), rotatedBy: 'thief' }, good, 'reuse'],
    ['spent just before by the same client', { rotatedAt: at, rotatedBy: 'laptop' }, good, 'reuse'],
    ['spent a second ago by the same client', { rotatedAt: ago(1_000), rotatedBy: 'laptop' }, good, 'reuse'],
    ['fresh token of a revoked log-in', { rotatedAt: null, rotatedBy: null }, { ...good, revokedAt: ago(1) }, 'ended'],
    ['fresh token of an expired log-in', { rotatedAt: null, rotatedBy: null }, { ...good, expiresAt: at }, 'ended'],
    [
      'spent token of an expired log-in',
      { rotatedAt: ago(99_999), rotatedBy: 'x' },
      { ...good, expiresAt: at },
      'ended',
    ],
  ])('a %s', (_what, token, session, verdict) => {
    expect(judgeRefresh(token, session, attempt)).toBe(verdict);
  });
});
