import type { NatsConnection } from '@nats-io/transport-node';
import { recordChecksum } from '#libs/contracts';
import { connectAdmin } from '../support/admin-connection.js';
import { Api } from '../support/api.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

interface Told {
  readonly event: string;
  readonly data: Record<string, any>;
}

/** From a change over REST to the message that the mall's orchestrator reads. */
describe('malls end to end', () => {
  let platform: TestPlatform;
  let admin: Api;
  let nc: NatsConnection;
  const told: Told[] = [];

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'all-in-one' });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    nc = await connectAdmin(platform);
    nc.subscribe('orc.events.mall-a', { callback: (_error, message) => void told.push(message.json()) });
    await nc.flush();
  }, 120_000);

  afterAll(async () => {
    await nc.close();
    await platform.stop();
  });

  const eventAfter = (count: number): Promise<Told> => waitFor(() => told.length > count && told[count]);

  it('ORC-015 tells one data_update for each change, with the ids and the checksum after it', async () => {
    const made = await admin.post('/api/v1/entities', { name: 'Mall A', entity_id: 'mall-a', type: 'mall' });
    expect(made).toMatchObject({ status: 201, body: { entity_id: 'mall-a', name: 'Mall A' } });
    expect(made.body.enrolment_secret).toMatch(/^enrol_.{43}$/);

    const area = await admin.post('/api/v1/entities/mall-a/areas', { id: 'area-1', name: 'Food court' });
    expect(area).toMatchObject({ status: 201, body: { id: 'area-1', checksum: recordChecksum(area.body) } });
    const first = await eventAfter(0);
    expect(first).toMatchObject({
      event: 'data_update',
      data: {
        type: 'entity_update',
        entity_id: 'mall-a',
        updated_at: area.body.updated_at,
        changes: { areas: ['area-1'], beacons: [], merchants: [], connections: [] },
      },
    });
    expect(first.data['checksum']).toMatch(/^sha256:[0-9a-f]{64}$/);

    await admin.put('/api/v1/entities/mall-a/beacons/beacon-3', { name: 'Gate' });
    const second = await eventAfter(1);
    expect(second.data['changes']).toEqual({ areas: [], beacons: ['beacon-3'], merchants: [], connections: [] });
    expect(second.data['checksum']).not.toBe(first.data['checksum']);
  });

  it('ORC-032 lists the changes of a record in their order', async () => {
    await admin.delete('/api/v1/entities/mall-a/beacons/beacon-3');
    const { body } = await admin.get('/api/v1/entities/mall-a/changes');
    expect(body).toMatchObject([
      { sequence: 1, type: 'area', operation: 'create', id: 'area-1', data: { name: 'Food court' } },
      { sequence: 2, type: 'beacon', operation: 'create', id: 'beacon-3' },
      { sequence: 3, type: 'beacon', operation: 'delete', id: 'beacon-3' },
    ]);
    expect(body[2]).not.toHaveProperty('data');
    expect((await eventAfter(2)).data['changes'].beacons).toEqual(['beacon-3']);
  });

  it('ORC-126 imports a mall as one upload, and announces each batch', async () => {
    const before = told.length;
    const areas = Array.from({ length: 600 }, (_, n) => ({ id: `area-${n}`, name: `Area ${n}` }));
    const rawBody = JSON.stringify({
      areas,
      beacons: [
        { id: 'b-1', name: 7 },
        { id: 'b-2', name: 'Gate' },
      ],
    });
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await admin.send<any>('POST', '/api/v1/entities/mall-a/imports', { rawBody, headers });
    expect({ status, ...body }).toMatchObject({
      status: 200,
      state: 'completed',
      counts: { rows: 602, created: 600, updated: 1, unchanged: 0, failed: 1, deleted: 0 },
    });
    const failed = await admin.get(`/api/v1/entities/mall-a/imports/${body.import_id}/rows?result=failed`);
    expect(failed.body).toEqual([
      { row: 601, collection: 'beacons', id: 'b-1', result: 'failed', error: 'name must be text, or null.' },
    ]);
    const events = await waitFor(() => told.length === before + 2 && told.slice(before));
    expect(events.map(({ data }) => data['changes'].areas.length)).toEqual([500, 100]);
  });
});
