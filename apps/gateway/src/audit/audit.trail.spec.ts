import { waitFor } from '../../../../test/support/wait.js';
import type { AuditEntry } from './audit.entry.js';
import type { AuditRepository } from './audit.repository.js';
import { AuditTrail } from './audit.trail.js';

/** A table that can be away. */
class FakeTable {
  readonly written: string[] = [];
  refusals = 0;
  isAway = false;

  async insert(entries: readonly AuditEntry[]): Promise<void> {
    if (this.isAway) {
      this.refusals += 1;
      throw new Error('away');
    }
    this.written.push(...entries.map(({ requestId }) => requestId));
  }
}

const entry = (requestId: string): AuditEntry => ({
  at: new Date(),
  requestId,
  actor: 'user:1',
  actorName: 'admin',
  actorKind: 'user',
  roles: ['admin'],
  action: 'entitiesDelete',
  entityId: 'mall-a',
  targets: {},
  status: 204,
  code: null,
  address: null,
  userAgent: null,
  count: 1,
});

it('takes entries while the database is away and writes them in order when it is back', async () => {
  const table = new FakeTable();
  const trail = new AuditTrail(table as unknown as AuditRepository);
  trail.onModuleInit();
  table.isAway = true;
  for (const id of ['a', 'b', 'c']) trail.record(entry(id));
  await waitFor(() => table.refusals > 0);
  table.isAway = false;
  await waitFor(() => table.written.length === 3);
  trail.record(entry('d'));
  await trail.onApplicationShutdown();
  expect(table.written).toEqual(['a', 'b', 'c', 'd']);
});
