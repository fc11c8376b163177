import { listenOn, maxPauseMs, offlineAfterMs, presenceEvent, silentSince } from './presence.policy.js';

const HOUR_MS = 3_600_000;
const NOW = new Date('2026-11-20T12:00:00Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

describe('presence of beacons', () => {
  it('2.5 intervals of silence are offline', () => {
    expect(offlineAfterMs(3_600, 250)).toBe(2.5 * HOUR_MS);
  });

  it('counts silence only where it could have been broken', () => {
    const timeoutMs = 2.5 * HOUR_MS;
    expect(silentSince({ since: ago(2.4 * HOUR_MS), until: NOW }, timeoutMs)).toBeNull();
    expect(silentSince({ since: ago(2.5 * HOUR_MS), until: NOW }, timeoutMs)).toEqual(ago(2.5 * HOUR_MS));
    expect(silentSince({ since: ago(9 * HOUR_MS), until: ago(HOUR_MS) }, timeoutMs)).toEqual(ago(3.5 * HOUR_MS));
  });

  it('a short pause, as of a restart, goes on; a longer one begins anew', () => {
    const pauseMs = maxPauseMs(2.5 * HOUR_MS);
    expect(pauseMs).toBe(60_000);
    expect(listenOn(undefined, NOW, pauseMs)).toEqual({ since: NOW, until: NOW });
    expect(listenOn({ since: ago(HOUR_MS), until: ago(60_000) }, NOW, pauseMs)).toEqual({
      since: ago(HOUR_MS),
      until: NOW,
    });
    expect(listenOn({ since: ago(HOUR_MS), until: ago(60_001) }, NOW, pauseMs)).toEqual({ since: NOW, until: NOW });
  });

  it('tells a transition under an id of its own', () => {
    const transition = {
      entityId: 'm',
      beaconId: 'b',
      presence: 'offline',
      previous: 'online',
      lastSeenAt: ago(1),
      at: NOW,
    } as const;
    expect(presenceEvent(transition)).toEqual({
      subject: 'events.malls.m.beacon.presence.updated',
      messageId: `m/b:beacon.presence.updated:offline:${NOW.getTime()}`,
      body: {
        entity_id: 'm',
        beacon_id: 'b',
        presence: 'offline',
        previous: 'online',
        last_seen_at: ago(1).toISOString(),
        at: NOW.toISOString(),
      },
    });
  });
});
