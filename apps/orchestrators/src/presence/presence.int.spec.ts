import { MALL_EVENTS, ORCHESTRATORS_REQUESTS } from '#libs/contracts';
import type { Api } from '../../../../test/support/api.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

const PRESENCE = MALL_EVENTS.orchestratorPresence.event;

let stage: MallStage;
let admin: Api;

beforeAll(async () => {
  stage = await MallStage.open();
  await stage.add('orchestrators');
  await stage.add('gateway');
  admin = await stage.as('admin');
  await waitFor(() => stage.query(`SELECT FROM "orchestrators"."listening"`).then((rows) => rows.length === 1));
}, 60_000);

afterAll(() => stage.close());

const set = ({ assignedId }: MallOrchestrator, columns: string): Promise<unknown> =>
  stage.query(`UPDATE "orchestrators"."orchestrators" SET ${columns} WHERE "assignedId" = $1`, [assignedId]);
const listeningSince = (ago: string): Promise<unknown> =>
  stage.query(`UPDATE "orchestrators"."listening" SET "since" = now() - interval '${ago}'`);
const pathOf = ({ entityId }: MallOrchestrator): string[] =>
  stage.eventsOf(entityId, PRESENCE).map(({ body }) => `${body['previous']}>${body['presence']}`);
const shown = async ({ entityId }: MallOrchestrator): Promise<Record<string, any>> =>
  (await admin.get(`/api/v1/entities/${entityId}/orchestrator`)).body;
/** As if the last heartbeat had been so long ago. */
const silent = (orchestrator: MallOrchestrator, ago: string): Promise<unknown> =>
  set(orchestrator, `"lastHeartbeatAt" = now() - interval '${ago}', "acceptedHeartbeatAt" = now() - interval '${ago}'`);

describe('heartbeats', () => {
  it('ORC-071 ORC-072 are stored as they come, readable, and answered with the time and the next', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const sentAt = Date.now();
    const { status, body } = await orchestrator.heartbeat({ timestamp: '2025-01-08T11:00:00Z', status: 'degraded' });
    expect(status).toBe(200);
    expect(body).toEqual({
      acknowledged: true,
      server_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      next_heartbeat_seconds: 60,
      commands: [],
    });
    expect(Math.abs(Date.parse(body.server_time) - sentAt)).toBeLessThan(1_000);
    expect(await shown(orchestrator)).toMatchObject({
      presence: 'online',
      version: '0.1.0',
      last_heartbeat: {
        status: 'degraded',
        uptime_seconds: 86_400,
        connected_robots: 12,
        active_tasks: 3,
        pending_tasks: 1,
        metrics: { cpu_percent: 25.5, memory_used_mb: 512, disk_used_gb: 2.5, cache_size_mb: 100 },
        timestamp: '2025-01-08T11:00:00Z',
      },
      last_heartbeat_at: body.server_time,
    });
  });

  it('ORC-071 of another orchestrator or entity are refused; the requested id is as good as the assigned one', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const other = await MallOrchestrator.ofNewMall(admin);
    for (const wrong of [
      { orchestrator_id: other.assignedId },
      { entity_id: other.entityId },
      { orchestrator_id: 'x' },
    ]) {
      const { status, body } = await orchestrator.heartbeat(wrong);
      expect({ status, code: body.error.code }).toEqual({ status: 403, code: 'ENTITY_ACCESS_DENIED' });
    }
    const headers = { 'x-orchestrator-id': orchestrator.orchestratorId };
    expect((await orchestrator.heartbeat({ orchestrator_id: 'orch-001' }, { headers })).status).toBe(200);
  });

  it.each([
    { status: undefined },
    { orchestrator_id: undefined },
    { entity_id: undefined },
    { uptime_seconds: '86400' },
    { active_tasks: -1 },
    { metrics: [] },
    { acked_command_ids: 'x' },
    { status: '\u0000' },
  ])('refuses %j and names the field', async (wrong) => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const { status, body } = await orchestrator.heartbeat(wrong);
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(body.error.details.fields[0].field).toBe(Object.keys(wrong)[0]);
  });

  it('ORC-073 follow the interval that the orchestrator asked for', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin, { body: { heartbeat_interval: 30 } });
    expect((await orchestrator.heartbeat()).body.next_heartbeat_seconds).toBe(30);
    await silent(orchestrator, '27 seconds');
    expect((await orchestrator.heartbeat()).status).toBe(200);
    await silent(orchestrator, '26 seconds');
    expect((await orchestrator.heartbeat()).status).toBe(429);
  });

  it('ORC-073 ORC-074 an interval of a second is offline after five, by its own clock', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin, { body: { heartbeat_interval: 1 } });
    expect((await orchestrator.heartbeat()).body.next_heartbeat_seconds).toBe(1);
    const beatenAtMs = Date.now();
    await waitFor(async () => (await shown(orchestrator)).presence === 'offline', 15_000);
    expect(Date.now() - beatenAtMs).toBeGreaterThan(4_500);
    expect((await orchestrator.heartbeat()).status).toBe(200);
    expect((await shown(orchestrator)).presence).toBe('online');
  });

  it('ORC-093 one that comes too early is refused on every replica, and counts as a sign of life all the same', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    await orchestrator.heartbeat();
    await set(orchestrator, `"lastHeartbeatAt" = now() - interval '20 seconds', "presence" = 'offline'`);
    const { status, body, headers } = await orchestrator.heartbeat({ status: 'second' });
    expect({ status, code: body.error.code }).toEqual({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(50);
    expect(headers.get('x-ratelimit-limit')).toBe('1');
    const { presence, last_heartbeat_at, last_heartbeat } = await shown(orchestrator);
    expect({ presence, status: last_heartbeat.status }).toEqual({ presence: 'online', status: 'healthy' });
    expect(Date.now() - Date.parse(last_heartbeat_at)).toBeLessThan(5_000);
    const elsewhere = await Promise.all(
      stage.urls.map((url) => fetch(`${url}/api/orchestrators/heartbeat`, heartbeatOf(orchestrator))),
    );
    expect(elsewhere.map((each) => each.status)).toEqual([429, 429]);
  });

  it('of ten at once over two gateways one is taken', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const all = Array.from({ length: 10 }, (_, n) =>
      fetch(`${stage.urls[n % 2]}/api/orchestrators/heartbeat`, heartbeatOf(orchestrator)),
    );
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 429)).toHaveLength(9);
  });
});

describe('presence', () => {
  it('ORC-074 five missed heartbeats make an orchestrator offline, the next one online, each told once', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    await orchestrator.heartbeat();
    await listeningSince('1 hour');
    await silent(orchestrator, '4 minutes 50 seconds');
    expect((await shown(orchestrator))['presence']).toBe('online');
    await waitFor(async () => (await shown(orchestrator))['presence'] === 'offline');
    const { presence_changed_at, last_heartbeat_at } = await shown(orchestrator);
    expect(Date.parse(presence_changed_at) - Date.parse(last_heartbeat_at)).toBeGreaterThanOrEqual(300_000);
    expect(Date.parse(presence_changed_at) - Date.parse(last_heartbeat_at)).toBeLessThan(306_000);
    await orchestrator.heartbeat();
    expect((await shown(orchestrator))['presence']).toBe('online');
    await waitFor(() => pathOf(orchestrator).length === 3);
    expect(pathOf(orchestrator)).toEqual(['unknown>online', 'online>offline', 'offline>online']);
  });

  it('replicas share the sweep: of many each is told once', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => MallOrchestrator.ofNewMall(admin)));
    await Promise.all(many.map((each) => each.heartbeat()));
    await listeningSince('1 hour');
    await Promise.all(many.map((each) => silent(each, '6 minutes')));
    await waitFor(() => many.every((each) => pathOf(each).includes('online>offline')));
    for (const each of many) expect(pathOf(each)).toEqual(['unknown>online', 'online>offline']);
  });

  it('after an outage of ours nobody is offline before everybody could be heard for the whole time', async () => {
    const [kept, other] = [await MallOrchestrator.ofNewMall(admin), await MallOrchestrator.ofNewMall(admin)];
    await Promise.all([kept.heartbeat(), other.heartbeat()]);
    // Gateways that were away for longer than the gap begin to listen anew.
    await stage.query(
      `UPDATE "orchestrators"."listening" SET "since" = now() - interval '1 day', "until" = now() - interval '16 s'`,
    );
    await waitFor(async () => {
      const [row] = await stage.query(
        `SELECT "since" > now() - interval '10 s' AS "isNew" FROM "orchestrators"."listening"`,
      );
      return row?.['isNew'];
    });
    await silent(kept, '6 minutes');
    await silent(other, '6 minutes');
    await set(other, `"heartbeatIntervalS" = 1`);
    // The sweeper has looked: the other one, with a second's interval, had its five seconds.
    await waitFor(async () => (await shown(other))['presence'] === 'offline');
    expect((await shown(kept))['presence']).toBe('online');
  });
});

describe('commands', () => {
  const command = ({ entityId }: MallOrchestrator, body: Record<string, unknown>) =>
    admin.post(`/api/v1/entities/${entityId}/orchestrator/commands`, body);
  const beat = async (orchestrator: MallOrchestrator, more: Record<string, unknown> = {}): Promise<any[]> => {
    await set(orchestrator, `"acceptedHeartbeatAt" = NULL`);
    return (await orchestrator.heartbeat(more)).body.commands;
  };

  it('C39 are handed out in order until they are acknowledged', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const first = await command(orchestrator, { type: 'resync', reason: 'test' });
    expect(first.status).toBe(202);
    await command(orchestrator, { type: 'firmware_update', firmware_id: 'fw-1' });
    for (let answers = 0; answers < 5; answers += 1) {
      expect(await beat(orchestrator, { acked_command_ids: [] })).toEqual([
        { command_id: first.body.command_id, type: 'resync', reason: 'test' },
        { command_id: expect.any(String), type: 'firmware_update', firmware_id: 'fw-1' },
      ]);
    }
    const left = await beat(orchestrator, { acked_command_ids: [first.body.command_id, 'not-one'] });
    expect(left.map(({ type }) => type)).toEqual(['firmware_update']);
    expect(await beat(orchestrator, { acked_command_ids: [left[0].command_id] })).toEqual([]);
  });

  it('C39 come three times to an orchestrator that acknowledges none', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const { body } = await command(orchestrator, { type: 'restart' });
    for (let answers = 0; answers < 3; answers += 1) {
      expect(await beat(orchestrator)).toEqual([{ command_id: body.command_id, type: 'restart' }]);
    }
    expect(await beat(orchestrator)).toEqual([]);
  });

  it('a heartbeat that is refused takes none', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    await orchestrator.heartbeat();
    await command(orchestrator, { type: 'restart' });
    expect((await orchestrator.heartbeat()).status).toBe(429);
    expect(await beat(orchestrator)).toHaveLength(1);
  });

  it('the same one is not queued twice, and a full sync does what a resync asked for', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    const [a, b] = [await command(orchestrator, { type: 'resync' }), await command(orchestrator, { type: 'resync' })];
    expect(b.body.command_id).toBe(a.body.command_id);
    expect(await beat(orchestrator, { acked_command_ids: [] })).toHaveLength(1);
    const { entityId: entity_id, assignedId: assigned_id } = orchestrator;
    await stage.ask(ORCHESTRATORS_REQUESTS.noteSynced, { entity_id, assigned_id });
    expect(await beat(orchestrator, { acked_command_ids: [] })).toEqual([]);
    expect(await shown(orchestrator)).toMatchObject({ initial_sync_required: false, synced_at: expect.any(String) });
  });

  it('need a type that is known and an orchestrator that is there', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    expect((await command(orchestrator, { type: 'dance' })).status).toBe(400);
    const { status, body } = await admin.post('/api/v1/entities/mall-x/orchestrator/commands', { type: 'resync' });
    expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'ORCHESTRATOR_NOT_FOUND' });
  });
});

describe('contacts', () => {
  const openingOf = ({ assignedId: assigned_id }: MallOrchestrator) =>
    stage.ask(ORCHESTRATORS_REQUESTS.opening, { assigned_id });
  const deliver = ({ assignedId: assigned_id }: MallOrchestrator, at: Date, event_id = 'evt-7') =>
    stage.ask(ORCHESTRATORS_REQUESTS.contacts, { contacts: [{ assigned_id, event_id, at: at.toISOString() }] });
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);

  it('ORC-075 an orchestrator is stale after 24 hours without heartbeat or delivered event', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    expect(await openingOf(orchestrator)).toEqual({ offline_since: null, is_stale: false });
    await orchestrator.heartbeat();
    await silent(orchestrator, '23 hours');
    expect(await openingOf(orchestrator)).toMatchObject({ is_stale: false });
    await silent(orchestrator, '25 hours');
    const { is_stale, offline_since } = await openingOf(orchestrator);
    expect(is_stale).toBe(true);
    expect(Date.parse(offline_since!) / 1000).toBeCloseTo(hoursAgo(25).getTime() / 1000, -1);
    await deliver(orchestrator, hoursAgo(23));
    expect(await openingOf(orchestrator)).toMatchObject({ is_stale: false });
    expect(await shown(orchestrator)).toMatchObject({ last_event_id: 'evt-7' });
  });

  it('ORC-075 a heartbeat before the stream is opened does not hide the silence; a full sync ends it', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    await orchestrator.heartbeat();
    await silent(orchestrator, '25 hours');
    await orchestrator.heartbeat();
    expect(await openingOf(orchestrator)).toMatchObject({ is_stale: true });
    const { entityId: entity_id, assignedId: assigned_id } = orchestrator;
    await stage.ask(ORCHESTRATORS_REQUESTS.noteSynced, { entity_id, assigned_id });
    expect(await openingOf(orchestrator)).toMatchObject({ is_stale: false });
  });

  it('older news changes nothing, and nobody is heard from in the future', async () => {
    const orchestrator = await MallOrchestrator.ofNewMall(admin);
    await deliver(orchestrator, hoursAgo(1), 'evt-9');
    await deliver(orchestrator, hoursAgo(2), 'evt-8');
    expect((await shown(orchestrator))['last_event_id']).toBe('evt-9');
    await deliver(orchestrator, hoursAgo(-5), 'evt-10');
    const { last_event_at } = await shown(orchestrator);
    expect(Date.parse(last_event_at)).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(await stage.ask(ORCHESTRATORS_REQUESTS.contacts, { contacts: [] })).toEqual({ ok: true });
    expect(await stage.ask(ORCHESTRATORS_REQUESTS.opening, { assigned_id: 'nobody' })).toEqual({
      offline_since: null,
      is_stale: false,
    });
  });
});

it('lists orchestrators page by page for viewers', async () => {
  const viewer = await stage.as('viewer');
  const ids: string[] = [];
  let after: string | null = '';
  while (after !== null) {
    const { status, body }: any = await viewer.get(`/api/v1/orchestrators?limit=3&after=${after}`);
    expect(status).toBe(200);
    expect(body.orchestrators.length).toBeLessThanOrEqual(3);
    ids.push(...body.orchestrators.map((each: { assigned_id: string }) => each.assigned_id));
    after = body.next;
  }
  const rows = await stage.query<{ assignedId: string }>(`SELECT "assignedId" FROM "orchestrators"."orchestrators"`);
  expect(new Set(ids)).toEqual(new Set(rows.map(({ assignedId }) => assignedId)));
  expect(ids).toHaveLength(rows.length);
  expect((await viewer.get('/api/v1/entities/mall-x/orchestrator')).status).toBe(404);
});

function heartbeatOf({ assignedId, entityId, token }: MallOrchestrator): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ orchestrator_id: assignedId, entity_id: entityId, status: 'healthy' }),
  };
}
