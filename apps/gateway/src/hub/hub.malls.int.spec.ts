import { MALL_EVENTS, mallEventSubject } from '#libs/contracts';
import { GatewayStage } from '../../../../test/support/hub.js';
import { Orchestrators } from '../../../../test/support/orchestrator-stage.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { waitFor } from '../../../../test/support/wait.js';

let malls: Orchestrators;

beforeAll(async () => {
  malls = new Orchestrators(await GatewayStage.open());
  await malls.startService();
}, 60_000);

afterEach(() => malls.closeAll());

afterAll(() => malls.close());

const publish = (entityId: string, event: string, payload: object) =>
  malls.stage.live.raw(mallEventSubject(entityId, event), JSON.stringify({ entity_id: entityId, ...payload }));

it('a viewer who joins entity:<id> gets that mall’s events by their names, and no other mall’s', async () => {
  const viewer = malls.closing(await malls.stage.browser());
  expect(await viewer.join('entity:hm-1')).toMatchObject({ ok: true, eventId: expect.any(String) });
  for (const { event } of Object.values(MALL_EVENTS)) {
    await publish('hm-2', event, { said: 'other' });
    await publish('hm-1', event, { said: event });
  }
  await waitFor(() => viewer.events.length === Object.keys(MALL_EVENTS).length);
  expect(viewer.events.map(({ name, payload, meta }) => [name, payload['said'], meta?.group])).toEqual(
    Object.values(MALL_EVENTS).map(({ event, hub }) => [hub, event, 'entity:hm-1']),
  );
});

it('replays what a viewer missed', async () => {
  const viewer = malls.closing(await malls.stage.browser());
  const { eventId: lastEventId } = await viewer.join('entity:hm-3');
  await viewer.say('leave', { group: 'entity:hm-3' });
  for (let n = 0; n < 3; n++) await publish('hm-3', MALL_EVENTS.taskUpdated.event, { n });
  await viewer.join('entity:hm-3', { lastEventId });
  expect(viewer.events.map(({ payload }) => payload['n'])).toEqual([0, 1, 2]);
});

it('a cursor that cannot be continued brings the orchestrator’s state', async () => {
  const { entityId, assignedId } = await MallOrchestrator.ofNewMall(await malls.stage.as('admin'));
  const viewer = malls.closing(await malls.stage.browser());
  await viewer.join(`entity:${entityId}`, { lastEventId: 'nonsense' });
  const { payload } = await viewer.next('resync_required');
  expect(payload).toMatchObject({
    reason: 'cursor_unreadable',
    snapshot: { orchestrator: { assigned_id: assignedId } },
  });
  await viewer.join('entity:hm-none', { lastEventId: 'nonsense' });
  const empty = await viewer.next('resync_required', ({ group }) => group === 'entity:hm-none');
  expect(empty.payload['snapshot']).toEqual({ orchestrator: null });
});

it.each(['entity:', 'entity:*', 'entity:a.b', `entity:${'x'.repeat(65)}`])('refuses the group %s', async (group) => {
  const viewer = malls.closing(await malls.stage.browser());
  expect(await viewer.join(group)).toMatchObject({ ok: false, error: { code: 'VALIDATION_FAILED' } });
});
