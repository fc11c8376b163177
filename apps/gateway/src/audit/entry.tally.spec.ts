import type { AuditEntry } from './audit.entry.js';
import { EntryTally } from './entry.tally.js';

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  at: new Date(0),
  requestId: 'req-1',
  actor: null,
  actorName: null,
  actorKind: 'anonymous',
  roles: [],
  action: 'me',
  entityId: null,
  targets: {},
  status: 401,
  code: 'AUTH_REQUIRED',
  address: '10.0.0.1',
  userAgent: null,
  count: 1,
  ...more,
});

describe('tally of entries', () => {
  it('passes the first of equal entries and counts the others until their minute ends', () => {
    const tally = new EntryTally();
    const passed = [0, 1_000, 59_999].map((nowMs) => tally.add(entry({ requestId: `req-${nowMs}` }), nowMs));
    expect(passed.map((one) => one?.requestId)).toEqual(['req-0', undefined, undefined]);
    expect(tally.end(59_999)).toEqual([]);
    expect(tally.end(60_000)).toEqual([entry({ requestId: 'req-59999', count: 2 })]);
    expect(tally.add(entry(), 60_001)).toBeDefined();
  });

  it('an entry that stayed alone is not written twice', () => {
    const tally = new EntryTally();
    tally.add(entry(), 0);
    expect(tally.end(60_000)).toEqual([]);
  });

  it.each([['address', '10.0.0.2'] as const, ['action', 'login'] as const, ['code', 'ACCESS_DENIED'] as const])(
    'tells another %s apart',
    (field, value) => {
      const tally = new EntryTally();
      tally.add(entry(), 0);
      expect(tally.add(entry({ [field]: value }), 0)).toBeDefined();
    },
  );

  it('writes a bounded number of entries however many addresses a flood has', () => {
    const tally = new EntryTally();
    const passed = Array.from({ length: 5_000 }, (_, index) => tally.add(entry({ address: `10.0.${index}` }), 0));
    expect(passed.filter(Boolean)).toHaveLength(1_001);
    expect(tally.end(60_000)).toEqual([entry({ address: null, count: 3_999 })]);
  });
});
