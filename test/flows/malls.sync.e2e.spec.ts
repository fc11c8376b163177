import { collectionChecksum, COLLECTIONS, type Collection, globalChecksum, recordChecksum } from '#libs/contracts';
import { Api } from '../support/api.js';
import { MallOrchestrator } from '../support/mall.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { waitFor } from '../support/wait.js';

const SYNC = '/api/orchestrators/sync';
const PLURALS = { area: 'areas', beacon: 'beacons', merchant: 'merchants', connection: 'connections' } as const;

/** An orchestrator as the documents describe one: full sync at its first start, deltas from then on. */
describe('malls are synchronized end to end', () => {
  let platform: TestPlatform;
  let admin: Api;
  let orchestrator: MallOrchestrator;
  let entityId: string;
  const copy = new Map<string, Record<string, any>>();
  let full: any;

  beforeAll(async () => {
    platform = await startPlatform({ topology: 'separate', gateways: 2 });
    admin = await Api.login(platform.url, 'admin', platform.passwords.admin);
    orchestrator = await MallOrchestrator.ofNewMall(admin);
    entityId = orchestrator.entityId;
    for (const collection of COLLECTIONS) {
      for (const id of [`${collection}-1`, `${collection}-2`]) await put(collection, id, { name: id });
    }
  }, 120_000);

  afterAll(() => platform.stop());

  const put = (collection: Collection, id: string, fields: object) =>
    admin.put(`/api/v1/entities/${entityId}/${collection}/${id}`, fields);

  const ask = async (path: string, url = platform.url): Promise<any> => {
    const { status, body } = await new Api(url).get(SYNC + path, { headers: orchestrator.headers });
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };

  function sumOfCopy(): string {
    const of = (name: Collection): string =>
      collectionChecksum(
        [...copy]
          .filter(([key]) => key.startsWith(`${name}/`))
          .map(([, record]) => ({ id: record['id'], checksum: recordChecksum(record) })),
      );
    return globalChecksum({
      areas: of('areas'),
      beacons: of('beacons'),
      merchants: of('merchants'),
      connections: of('connections'),
    });
  }

  it('ORC-028 gets the whole mall after it registered, and what it has sums to the checksum', async () => {
    expect(orchestrator.registration['initial_sync_required']).toBe(true);
    full = await ask(`/full?entity_id=${entityId}&include=areas,beacons,merchants,connections`);
    for (const collection of COLLECTIONS) {
      for (const record of full.data[collection]) copy.set(`${collection}/${record.id}`, record);
    }
    expect(full.metadata).toEqual({ total_areas: 2, total_beacons: 2, total_merchants: 2, total_connections: 2 });
    expect(sumOfCopy()).toBe(full.checksum);
    const { body } = await admin.get(`/api/v1/entities/${entityId}/orchestrator`);
    expect(body.initial_sync_required).toBe(false);
  });

  it('ORC-033 follows with a delta, from the other gateway, to the checksum that the checksum route tells', async () => {
    await put('areas', 'areas-3', { name: 'new' });
    await put('merchants', 'merchants-1', { name: 'changed' });
    await admin.delete(`/api/v1/entities/${entityId}/beacons/beacons-2`);
    const delta = await ask(`/delta?entity_id=${entityId}&cursor=${full.cursor}`, platform.urls[1]);
    expect(delta.base_checksum).toBe(full.checksum);
    expect(delta.changes.map(({ operation }: any) => operation)).toEqual(['create', 'update', 'delete']);
    for (const { type, operation, id, data } of delta.changes) {
      const key = `${PLURALS[type as keyof typeof PLURALS]}/${id}`;
      if (operation === 'delete') copy.delete(key);
      else copy.set(key, data);
    }
    const { checksums } = await ask(`/checksum?entity_id=${entityId}`);
    expect([sumOfCopy(), delta.new_checksum]).toEqual([checksums.global, checksums.global]);
  });

  it('ORC-111 a sync is one JSON line with the documents’ nine keys', async () => {
    const lines = await waitFor(() => {
      const all = platform
        .logs('gateway')
        .split('\n')
        .filter((line) => line.includes('data_sync_completed'));
      return all.length > 0 && all;
    });
    const line = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({
      level: 'INFO',
      entity_id: entityId,
      orchestrator_id: orchestrator.assignedId,
      event: 'data_sync_completed',
      records_synced: 8,
    });
    expect(line.component).toBe('gateway');
    expect(line.timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(line.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(Number.isInteger(line.duration_ms)).toBe(true);
    expect(lines).toHaveLength(1);
  });

  it('ORC-107 the bytes and durations of syncs are metrics', async () => {
    const before = await sentBytes();
    const response = await fetch(`${platform.url}${SYNC}/full`, { headers: orchestrator.headers });
    const size = (await response.arrayBuffer()).byteLength;
    expect((await sentBytes()) - before).toBe(size);
    expect(await metrics()).toMatch(/muster_sync_duration_seconds_count\{kind="full"\} 2/);
  });

  const metrics = async (): Promise<string> => (await fetch(`${platform.url}/metrics`)).text();

  async function sentBytes(): Promise<number> {
    return Number(/^muster_sync_bytes_total\{kind="full"\} (\d+)/m.exec(await metrics())?.[1]);
  }
});
