import type { Api } from '../../../../test/support/api.js';
import { GatewayStage } from '../../../../test/support/hub.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { waitFor } from '../../../../test/support/wait.js';

let malls: Orchestrators;
let admin: Api;

beforeAll(async () => {
  malls = new Orchestrators(await GatewayStage.open());
  await malls.startService();
  admin = await malls.stage.as('admin');
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => malls.close());

async function lastContact(assignedId: string): Promise<any> {
  const [row] = await malls.query(`SELECT * FROM "orchestrators"."orchestrators" WHERE "assignedId" = $1`, [
    assignedId,
  ]);
  return row;
}

/** A registered orchestrator that received one event, and missed one since; its last contact was so long ago. */
async function awayFor(hours: number) {
  const orchestrator = await MallOrchestrator.ofNewMall(admin);
  const { entityId, token, assignedId } = orchestrator;
  const { received } = await malls.sse(entityId, { token });
  await malls.tell(entityId, { n: 'before' });
  const [{ id: lastEventId = '' } = {}] = await received.until(1);
  malls.closeAll();
  await waitFor(async () => (await lastContact(assignedId)).deliveredEventId === lastEventId);
  await malls.tell(entityId, { n: 'missed' });
  await malls.query(
    `UPDATE "orchestrators"."orchestrators" SET "deliveredAt" = now() - make_interval(hours => $2),
       "lastHeartbeatAt" = NULL WHERE "assignedId" = $1`,
    [assignedId, hours],
  );
  return { entityId, token, assignedId, lastEventId };
}

it('ORC-075 away for 25 hours: resync_required after connected and nothing replayed', async () => {
  const { entityId, token, assignedId, lastEventId } = await awayFor(25);
  const { received } = await malls.sse(entityId, { token, lastEventId });
  const { data, id } = await received.next('resync_required');
  expect(data).toEqual({ reason: 'offline_too_long', entity_id: entityId, offline_since: expect.any(String) });
  expect(Date.now() - Date.parse(data.offline_since)).toBeGreaterThan(24 * 3_600_000);
  await malls.tell(entityId, { n: 'after' });
  expect((await received.until(1)).map((event) => event.data.n)).toEqual(['after']);
  expect(received.events.map(({ event }) => event)).toEqual(['connected', 'resync_required', 'data_update']);
  expect(received.events[0]?.id).toBe(lastEventId);
  await waitFor(async () => (await lastContact(assignedId)).deliveredAt > new Date(Date.now() - 60_000));
  const again = await malls.sse(entityId, { token, lastEventId: id });
  expect((await again.received.until(1)).map((event) => event.data.n)).toEqual(['after']);
  expect(again.received.named('resync_required')).toEqual([]);
});

it('ORC-075 away for 23 hours: everything is replayed', async () => {
  const { entityId, token, lastEventId } = await awayFor(23);
  const { received } = await malls.sse(entityId, { token, lastEventId });
  expect((await received.until(1)).map(({ data }) => data.n)).toEqual(['missed']);
  expect(received.named('resync_required')).toEqual([]);
});

it('ORC-013 an administrator’s reset ends the streams of the orchestrator', async () => {
  const orchestrator = await MallOrchestrator.ofNewMall(admin);
  const { entityId, token } = orchestrator;
  const [sse, ws] = await Promise.all([malls.sse(entityId, { token }), malls.ws(entityId, { token })]);
  await Promise.all([sse, ws].map(({ received }) => received.next('connected')));
  await admin.post(`/api/v1/entities/${entityId}/orchestrator/reset`, {});
  await waitFor(() => sse.isOver && ws.closed);
  expect(ws.closed).toEqual({ code: 1008, reason: 'AUTH_TOKEN_EXPIRED' });
  await expect(malls.sse(entityId, { token })).rejects.toThrow(/401/);
});

it('ORC-013 the id that was asked for is accepted in X-Orchestrator-ID, as public clients send it', async () => {
  const { entityId, token, orchestratorId } = await MallOrchestrator.ofNewMall(admin);
  const headers = { 'x-entity-id': entityId, 'x-orchestrator-id': orchestratorId };
  await (await malls.sse(entityId, { token, headers })).received.next('connected');
});

it('ORC-017 a heartbeat acknowledges events of its own entity and passes over others', async () => {
  const orchestrator = await MallOrchestrator.ofNewMall(admin);
  const { entityId, token, assignedId } = orchestrator;
  const { received } = await malls.sse(entityId, { token });
  await malls.tell(entityId);
  const [{ id = '' } = {}] = await received.until(1);
  const { status } = await orchestrator.heartbeat({ acked_event_ids: [id, 'evt-5', `evt-${Number(id.slice(4)) + 9}`] });
  expect(status).toBe(200);
  const { body } = await admin.get(`/api/v1/entities/${entityId}/events`);
  expect(body.events[0]).toMatchObject({ event_id: id, acks: [{ orchestrator_id: assignedId }] });
});
