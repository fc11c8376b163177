import { onlineAfter, presenceEvent, presenceInSilence, silenceLimits } from './presence.policy.js';

const TIMEOUTS = { staleAfterMs: 30_000, offlineAfterMs: 120_000 };
const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const ago = (ms: number): Date => new Date(NOW_MS - ms);
const longListening = silenceLimits({ sinceMs: NOW_MS - 3_600_000, untilMs: NOW_MS }, TIMEOUTS);

describe('presence', () => {
  it.each([
    ['online', 29_999, 'online'],
    ['online', 30_000, 'stale'],
    ['stale', 119_999, 'stale'],
    ['stale', 120_000, 'offline'],
    ['online', 120_000, 'offline'],
    ['unknown', 31_000, 'stale'],
    ['offline', 31_000, 'offline'],
  ] as const)('leaves %s after %i ms of silence as %s', (current, silentMs, expected) => {
    expect(presenceInSilence(current, ago(silentMs), longListening)).toBe(expected);
  });

  it('keeps a robot unknown that never spoke', () => {
    expect(presenceInSilence('unknown', null, longListening)).toBe('unknown');
  });

  it('declares nobody stale before it has listened for the whole timeout, however old the last sign of life', () => {
    const limits = silenceLimits({ sinceMs: NOW_MS - 29_999, untilMs: NOW_MS }, TIMEOUTS);
    expect(limits).toEqual({ staleBefore: null, offlineBefore: null });
    expect(presenceInSilence('online', ago(3_600_000), limits)).toBe('online');
  });

  it('declares stale but not offline while it has listened for less than the longer timeout', () => {
    const limits = silenceLimits({ sinceMs: NOW_MS - 60_000, untilMs: NOW_MS }, TIMEOUTS);
    expect(presenceInSilence('online', ago(3_600_000), limits)).toBe('stale');
    expect(presenceInSilence('offline', ago(3_600_000), limits)).toBe('offline');
  });

  it('counts silence only up to what was worked off', () => {
    const limits = silenceLimits({ sinceMs: NOW_MS - 3_600_000, untilMs: NOW_MS - 600_000 }, TIMEOUTS);
    expect(presenceInSilence('online', ago(600_000), limits)).toBe('online');
  });

  it('calls online only who spoke within the stale timeout', () => {
    expect(onlineAfter(NOW_MS, TIMEOUTS)).toEqual(ago(30_000));
  });

  it('tells a transition under an id of its own', () => {
    const transition = {
      robotId: 'RB-1',
      presence: 'stale',
      previous: 'online',
      lastSeenAt: ago(30_000),
      at: ago(0),
    } as const;
    const event = presenceEvent(transition);
    expect(event.subject).toBe('events.robots.RB-1.presence.updated');
    expect(event.messageId).toBe(`RB-1:presence.updated:stale:${NOW_MS}`);
    expect(event.body).toEqual({
      robotId: 'RB-1',
      presence: 'stale',
      previous: 'online',
      lastSeenAt: '2026-11-20T11:59:30.000Z',
      at: '2026-11-20T12:00:00.000Z',
    });
  });
});
