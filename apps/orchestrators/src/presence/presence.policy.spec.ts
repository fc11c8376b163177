import { earlyByMs, isGone, presenceEvent } from './presence.policy.js';

const NOW_MS = Date.parse('2026-11-21T04:00:00Z');
const LISTENING = { sinceMs: NOW_MS - 3_600_000, untilMs: NOW_MS };
const goneAfter = (silentS: number, intervalS: number, hearing = LISTENING): boolean =>
  isGone({ lastHeartbeatMs: NOW_MS - silentS * 1000, intervalS, missedHeartbeats: 5 }, hearing);

describe('presence of orchestrators', () => {
  it.each([
    [290, 60, false],
    [299.999, 60, false],
    [300, 60, true],
    [149, 30, false],
    [150, 30, true],
  ])('ORC-074 after %d s of silence at an interval of %d s, offline is %s', (silentS, intervalS, expected) => {
    expect(goneAfter(silentS, intervalS)).toBe(expected);
  });

  it('an outage of ours makes nobody offline before everybody could be heard for the whole time', () => {
    expect(goneAfter(9_000, 60, { sinceMs: NOW_MS - 299_000, untilMs: NOW_MS })).toBe(false);
    expect(goneAfter(9_000, 60, { sinceMs: NOW_MS - 300_000, untilMs: NOW_MS })).toBe(true);
  });

  it('silence counts only until the last moment in which it could have been broken', () => {
    expect(goneAfter(900, 60, { sinceMs: NOW_MS - 3_600_000, untilMs: NOW_MS - 700_000 })).toBe(false);
  });

  it.each([
    ['the first', null, 60, 0],
    ['54 s after the last', 54, 60, 0],
    ['53 s after the last', 53, 60, 1_000],
    ['two seconds after the last', 2, 60, 52_000],
    ['27 s after the last at an interval of 30 s', 27, 30, 0],
    ['26 s after the last at an interval of 30 s', 26, 30, 1_000],
    ['a minute after the last at an interval of an hour', 60, 3_600, 0],
  ] as const)('ORC-071 %s may come', (_what, agoS, intervalS, expectedMs) => {
    expect(earlyByMs(agoS === null ? null : NOW_MS - agoS * 1000, intervalS, NOW_MS)).toBe(expectedMs);
  });

  it('a transition is told to the watchers of its entity, under an id of its own', () => {
    const event = presenceEvent({
      entityId: 'mall-a',
      assignedId: 'orch-mall-a-001',
      presence: 'offline',
      previous: 'online',
      lastHeartbeatAt: new Date(NOW_MS - 300_000),
      at: new Date(NOW_MS),
    });
    expect(event.subject).toBe('events.malls.mall-a.orchestrator.presence.updated');
    expect(event.messageId).toBe(`orch-mall-a-001:orchestrator.presence.updated:offline:${NOW_MS}`);
    expect(event.body).toEqual({
      entity_id: 'mall-a',
      assigned_id: 'orch-mall-a-001',
      presence: 'offline',
      previous: 'online',
      last_heartbeat_at: '2026-11-21T03:55:00.000Z',
      at: '2026-11-21T04:00:00.000Z',
    });
  });
});
