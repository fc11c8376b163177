import { type Answer, Api } from '../../../../test/support/api.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import {
  assignTask,
  completeTask,
  deliveryFor,
  orderTask,
  reportStatus,
  statusOf,
  toldAbout,
} from '../../../../test/support/mall-tasks.js';
import { waitFor } from '../../../../test/support/wait.js';

let stage: MallStage;
let admin: Api;
let operator: Api;
let viewer: Api;
let mobile: Api;
let mall: MallOrchestrator;
let other: MallOrchestrator;

beforeAll(async () => {
  stage = await MallStage.open({ RATE_LIMIT_TASKS_PER_MINUTE: '100000' });
  [admin, operator, viewer] = await Promise.all([stage.as('admin'), stage.as('operator'), stage.as('viewer')]);
  mobile = await userWith('ada', ['mobile']);
  [mall, other] = await Promise.all([MallOrchestrator.ofNewMall(admin), MallOrchestrator.ofNewMall(admin)]);
}, 90_000);
afterAll(() => stage.close());

async function userWith(username: string, roles: string[]): Promise<Api> {
  await admin.post('/api/v1/users', { username, password: 'a-long-password', roles });
  return Api.login(stage.url, username, 'a-long-password');
}

describe('ordering a task', () => {
  it('ORC-020 ORC-086 a customer creates it, and its mall alone gets one task_create with the documented fields', async () => {
    const { status, body, headers } = await mobile.post('/api/tasks', deliveryFor(mall.entityId));
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...deliveryFor(mall.entityId), status: 'queued', robot_id: null });
    expect(headers.get('location')).toBe(`/api/tasks/${body.task_id}`);
    const events = await waitFor(async () => {
      const found = await toldAbout(stage, mall.entityId, body.task_id);
      return found.length > 0 && found;
    });
    const data = { task_id: body.task_id, ...deliveryFor(mall.entityId), created_at: body.created_at };
    expect(events).toEqual([{ event: 'task_create', data }]);
    expect(await toldAbout(stage, other.entityId, body.task_id)).toEqual([]);
  });

  it('ORC-086 a customer may not speak as an orchestrator, nor a viewer order', async () => {
    expect((await assignTask(mobile, 'task-1')).status).toBe(403);
    expect((await mobile.post('/api/orchestrators/heartbeat', {})).status).toBe(403);
    expect((await viewer.post('/api/tasks', deliveryFor(mall.entityId))).status).toBe(403);
    expect((await mall.post('/api/tasks', deliveryFor(mall.entityId))).status).toBe(403);
  });

  it('C30 an unknown entity is 404, and a patrol needs neither source nor destination', async () => {
    const unknown = await operator.post('/api/tasks', deliveryFor('mall-nowhere'));
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'ENTITY_NOT_FOUND' } } });
    const { status, body } = await operator.post('/api/tasks', { entity_id: mall.entityId, type: 'patrol' });
    expect({ status, body }).toMatchObject({ status: 201, body: { priority: 'normal', source: null, payload: {} } });
  });

  it('C35 the same key finds the same task, another body under it is refused', async () => {
    const headers = { 'x-idempotency-key': crypto.randomUUID() };
    const [one, two] = await Promise.all(
      [1, 2].map(() => mobile.post('/api/tasks', deliveryFor(mall.entityId), { headers })),
    );
    const again = await mobile.post('/api/tasks', deliveryFor(mall.entityId), { headers });
    const made = [one, two, again].filter((answer) => answer?.status === 201).map((answer) => answer?.body.task_id);
    expect(new Set(made).size).toBe(1);
    expect(again.status).toBe(201);
    const reused = await mobile.post('/api/tasks', deliveryFor(mall.entityId, { priority: 'low' }), { headers });
    expect(reused).toMatchObject({ status: 422, body: { error: { code: 'IDEMPOTENCY_KEY_REUSED' } } });
  });

  it.each<[string, Record<string, unknown>]>([
    ['entity_id', { entity_id: undefined }],
    ['entity_id', { entity_id: 'a.b' }],
    ['type', { type: 'de livery' }],
    ['priority', { priority: 'critical' }],
    ['source', { source: undefined }],
    ['destination', { destination: 'area-1' }],
    ['source.area_id', { source: {} }],
    ['source.coordinates.x', { source: { area_id: 'a', coordinates: { x: '1', y: 2 } } }],
    ['payload', { payload: [] }],
    ['payload', { payload: { note: 'x'.repeat(40_000) } }],
    ['deadline', { deadline: 'soon' }],
    ['deadline', { deadline: '2020-01-01T00:00:00Z' }],
  ])('refuses a wrong %s', async (field, more) => {
    const { status, body } = await mobile.post('/api/tasks', deliveryFor(mall.entityId, more));
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'VALIDATION_FAILED' });
    expect(body.error.details.fields[0].field).toBe(field);
  });

  it('keeps a payload as it came, whatever its texts hold', async () => {
    const payload = { note: 'a\u0000b', broken: '\ud800', 'ключ "x"': [1, null, { deep: true }] };
    const taskId = await orderTask(mobile, mall.entityId, { payload });
    expect((await mobile.get(`/api/tasks/${taskId}`)).body.payload).toEqual(payload);
  });
});

describe('people and their tasks', () => {
  it('C30 cancels once, tells the mall, and not after the end', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId);
    const cancelled = await mobile.post(`/api/tasks/${taskId}/cancel`, { reason: 'not hungry' });
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', reason: 'not hungry' } });
    const [, event] = await waitFor(async () => {
      const found = await toldAbout(stage, mall.entityId, taskId);
      return found.length === 2 && found;
    });
    expect(event).toEqual({
      event: 'task_cancel',
      data: {
        task_id: taskId,
        entity_id: mall.entityId,
        reason: 'not hungry',
        cancelled_at: cancelled.body.completed_at,
      },
    });
    const again = await mobile.post(`/api/tasks/${taskId}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'TASK_FINAL' } } });
    const late = await completeTask(mall, taskId);
    expect(late.body).toMatchObject({ applied: false, status: 'cancelled' });
  });

  it('a customer sees and cancels its own alone, an operator any', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    const eve = await userWith('eve', ['mobile']);
    for (const path of [`/api/tasks/${taskId}`, `/tasks/${taskId}/track`]) {
      expect((await eve.get(path)).status).toBe(404);
      expect((await mobile.get(path)).status).toBe(200);
    }
    expect((await eve.post(`/api/tasks/${taskId}/cancel`)).status).toBe(404);
    expect((await eve.get('/api/tasks')).body).toEqual([]);
    expect((await mobile.get('/api/tasks')).body.map(({ task_id }: any) => task_id)).toContain(taskId);
    expect((await operator.post(`/api/tasks/${taskId}/cancel`)).status).toBe(200);
  });

  it('shows the customer’s phone to its author, operators and the mall, and to nobody else', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    const phoneFor = async (who: { get(path: string): Promise<any> }): Promise<unknown[]> => [
      (await who.get(`/api/tasks/${taskId}`)).body.payload.customer_phone,
      (await who.get(`/tasks/${taskId}/track`)).body.payload.customer_phone,
      (await who.get(`/api/tasks?entity_id=${mall.entityId}&limit=1`)).body[0].payload.customer_phone,
    ];
    for (const who of [mobile, operator, mall]) expect(await phoneFor(who)).toEqual(Array(3).fill('+1234567890'));
    expect(await phoneFor(viewer)).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(stage.events)).not.toContain('+1234567890');
  });

  it('tells people of every change of state', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId);
    await reportStatus(mall, statusOf(taskId, 'in_progress', { progress_percent: 1 }));
    await reportStatus(mall, statusOf(taskId, 'in_progress', { progress_percent: 2 }));
    await completeTask(mall, taskId);
    const told = await waitFor(() => {
      const found = stage.eventsOf(mall.entityId, 'task.updated').filter(({ body }) => body['task_id'] === taskId);
      return found.length === 4 && found;
    });
    expect(told.map(({ body }) => body['status'])).toEqual(['queued', 'assigned', 'in_progress', 'completed']);
  });

  it('lists newest first, page by page, by entity, status, robot and time', async () => {
    const { entityId } = await MallOrchestrator.ofNewMall(admin);
    const before = new Date().toISOString();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await orderTask(operator, entityId));
    const walk = async (query: string): Promise<string[]> => {
      const found: string[] = [];
      let after: string | null = '';
      while (after !== null) {
        const page: Answer<any> = await viewer.get(
          `/api/tasks?entity_id=${entityId}&limit=2${query}${after && `&after=${after}`}`,
        );
        found.push(...page.body.map(({ task_id }: any) => task_id));
        after = page.headers.get('x-next-cursor');
      }
      return found;
    };
    expect(await walk('')).toEqual(ids.toReversed());
    expect(await walk('&status=queued')).toEqual(ids.toReversed());
    expect(await walk('&status=completed')).toEqual([]);
    expect(await walk('&robot_id=robot-007')).toEqual([]);
    expect(await walk(`&from=${before}`)).toEqual(ids.toReversed());
    expect(await walk(`&to=${before}`)).toEqual([]);
    expect((await viewer.get('/api/tasks?after=nonsense')).body.error.code).toBe('CURSOR_INVALID');
    expect((await viewer.get('/api/tasks?status=lost')).status).toBe(400);
    expect((await mall.get(`/api/tasks?entity_id=${entityId}`)).status).toBe(403);
  });

  it.each(['nope', 'task-0193e7a4-0000-7000-8000-000000000000', '%00', 'x'.repeat(200)])(
    'there is no task %.50s',
    async (taskId) => {
      const { status, body } = await viewer.get(`/api/tasks/${taskId}`);
      expect({ status, code: body.error.code }).toEqual({ status: 404, code: 'TASK_NOT_FOUND' });
    },
  );
});
