import { type FleetPage, type FleetQuery, MAX_REPLY_BYTES, type RobotDto, ROBOTS_REQUESTS } from '#libs/contracts';
import { RobotsUnderTest } from '../../../../test/support/robots-service.js';

const FLEET = 10_000;

describe('the fleet list', () => {
  let robots: RobotsUnderTest;

  beforeAll(async () => {
    robots = await RobotsUnderTest.start();
    await robots.query(
      `INSERT INTO "robots"."robots"
         ("robotId", "displayName", "nameKey", "model", "vendor", "identityKey", "tagsJson", "presence",
          "lastSeenAt", "capabilitySnapshotId", "identitySnapshotId", "identityReceivedAt", "capabilityReceivedAt")
       SELECT 'RB-' || lpad(n::text, 5, '0'), 'Robot ' || n, lower('RB-' || lpad(n::text, 5, '0') || E'\\nRobot ' || n),
              'Model ' || n % 7, 'Vendor', lower('Model ' || n % 7 || E'\\nVendor\\nSN-' || n),
              jsonb_build_array('site-' || n % 10, 'all'), CASE WHEN n % 4 = 0 THEN 'offline' ELSE 'online' END,
              now(), gen_random_uuid(), gen_random_uuid(), now(), now()
       FROM generate_series(1, $1::int) n`,
      [FLEET],
    );
    await robots.query(
      `INSERT INTO "robots"."robot_capability_snapshots"
         ("snapshotId", "robotId", "payloadJson", "receivedJson", "receivedAt", "messageId", "contentHash", "streamEpochMs",
          "streamSequence")
       SELECT "capabilitySnapshotId", "robotId", payload, payload::json, now(), 'm', 'h', 1, row_number() OVER ()
       FROM "robots"."robots",
         jsonb_build_object('payload', jsonb_build_object('commands', '["dock","goto","charge"]'::jsonb, 'note', repeat('x', 400))) payload`,
    );
    await robots.query('ANALYZE');
  });

  afterAll(async () => {
    await robots.stop();
  });

  async function list(
    query: FleetQuery,
  ): Promise<{ robots: RobotDto[]; parts: FleetPage[]; next: string | null; total: number }> {
    const parts = await robots.askAll(ROBOTS_REQUESTS.list, query);
    const { next, total } = parts.at(-1)!;
    return { robots: parts.flatMap((part) => part.robots), parts, next, total };
  }
  const idsOf = (page: { robots: RobotDto[] }): string[] => page.robots.map(({ robotId }) => robotId);

  it('ROB-046 pages through the whole fleet in a stable order, each robot once', async () => {
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await list({ limit: 3_000, ...(after === undefined ? {} : { after }) });
      expect(page.total).toBe(FLEET);
      seen.push(...idsOf(page));
      after = page.next;
    }
    expect(seen).toHaveLength(FLEET);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  it('sends a large page in parts that each fit into one reply, with the cursor on the last', async () => {
    const { parts, next } = await list({ limit: 2_000 });
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(MAX_REPLY_BYTES + 1_024);
    expect(parts.slice(0, -1).every((part) => part.next === null)).toBe(true);
    expect(next).toBe('RB-02000');
  });

  it.each<[string, Partial<FleetQuery>, number, string[]]>([
    ['tag', { tag: 'site-3' }, 1_000, ['RB-00003', 'RB-00013']],
    ['presence', { presence: 'offline' }, 2_500, ['RB-00004', 'RB-00008']],
    ['text in the name', { text: 'ROBOT 999' }, 11, ['RB-00999', 'RB-09990']],
    ['text in the id', { text: 'rb-0001' }, 10, ['RB-00010', 'RB-00011']],
    ['text in the model', { text: 'model 6' }, 1_428, ['RB-00006', 'RB-00013']],
    ['text in the serial number', { text: 'sn-1234' }, 1, ['RB-01234']],
    ['all of them', { tag: 'site-4', presence: 'offline', text: 'robot 1' }, 55, ['RB-00104', 'RB-00124']],
    ['wildcards literally', { text: '%' }, 0, []],
    ['a tag that is JSON', { tag: '"all"' }, 0, []],
  ])('filters by %s', async (_what, filter, total, first) => {
    const page = await list({ ...filter, limit: 2 });
    expect(idsOf(page)).toEqual(first);
    expect(page.total).toBe(total);
    expect(page.next).toBe(total > 2 ? first[1] : null);
  });

  it('names the robots of a tag', async () => {
    const ids = await robots.ask(ROBOTS_REQUESTS.idsByTag, { tag: 'site-3', limit: 3 });
    expect(ids).toEqual(['RB-00003', 'RB-00013', 'RB-00023']);
  });

  it('refuses a cursor that it did not give out', async () => {
    await expect(list({ limit: 1, after: "' OR 1=1" })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it.each<[string, Partial<FleetQuery>]>([
    ['first', {}],
    ['filtered by tag', { tag: 'site-3' }],
    ['filtered by presence', { presence: 'online' }],
    ['searched', { text: 'robot 12' }],
  ])('answers the %s page of 10,000 robots within 50 ms', async (_what, filter) => {
    const query = { ...filter, limit: 100 };
    for (let warmUp = 0; warmUp < 5; warmUp++) await list(query);
    const times: number[] = [];
    for (let n = 0; n < 15; n++) {
      const startedAt = performance.now();
      await list(query);
      times.push(performance.now() - startedAt);
    }
    const median = times.sort((a, b) => a - b)[7]!;
    expect(median).toBeLessThan(50);
  });
});
