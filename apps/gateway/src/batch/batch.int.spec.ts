import { BATCH_TYPES } from '#libs/contracts';
import type { Api } from '../../../../test/support/api.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { orderTask, statusOf } from '../../../../test/support/mall-tasks.js';
import { waitFor } from '../../../../test/support/wait.js';

const PATH = '/api/orchestrators/batch';
let stage: MallStage;
let operator: Api;
let mall: MallOrchestrator;
let taskId: string;

beforeAll(async () => {
  stage = await MallStage.open();
  const admin = await stage.as('admin');
  operator = await stage.as('operator');
  mall = await MallOrchestrator.ofNewMall(admin);
}, 90_000);
beforeEach(async () => {
  taskId = await orderTask(operator, mall.entityId);
});
afterAll(() => stage.close());

const assignItem = (task_id: string, robot_id = 'robot-007') => ({ type: 'task_assign', body: { task_id, robot_id } });
const progressItem = (task_id: string, n: number) => ({
  id: `q-${n}`,
  type: 'task_status',
  body: statusOf(task_id, 'in_progress', { progress_percent: n % 100, timestamp: new Date(1.79e12 + n).toISOString() }),
});
const upload = (items: unknown): Promise<any> => mall.post(PATH, { items });
const taskView = async (): Promise<any> => (await operator.get(`/api/tasks/${taskId}`)).body;

describe('a batch of queued reports', () => {
  it('ORC-078 runs its items in order, each with the answer of its own route', async () => {
    const { status, body } = await upload([
      assignItem(taskId),
      progressItem(taskId, 45),
      { id: 'end', type: 'task_complete', body: { task_id: taskId, robot_id: 'robot-007', duration_seconds: 195 } },
    ]);
    expect(status).toBe(200);
    expect(body).toEqual({
      accepted: 3,
      failed: 0,
      results: [
        {
          index: 0,
          status: 'ok',
          http_status: 200,
          body: { acknowledged: true, task_id: taskId, tracking_url: `${stage.url}/tasks/${taskId}/track` },
        },
        { index: 1, id: 'q-45', status: 'ok', http_status: 200, body: { acknowledged: true, task_id: taskId } },
        { index: 2, id: 'end', status: 'ok', http_status: 200, body: { acknowledged: true, task_id: taskId } },
      ],
    });
    expect(await taskView()).toMatchObject({ status: 'completed', duration_seconds: 195 });
  });

  it('C33 an item that fails says why and does not stop the rest', async () => {
    const { status, body } = await upload([
      assignItem(taskId),
      'nonsense',
      { id: 'x', type: 'no_such_kind', body: {} },
      { type: 'task_status', body: [] },
      { id: 5, type: 'task_status', body: {} },
      { type: 'task_status', body: statusOf(taskId, 'in_progress', { progress_percent: 101 }) },
      assignItem(taskId, 'robot-008'),
      assignItem('task-unknown'),
      progressItem(taskId, 1),
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 2, failed: 7 });
    const answers = body.results.map(({ http_status, error }: any) => [http_status, error?.code]);
    expect(answers).toEqual([
      [200, undefined],
      ...Array(5).fill([400, 'VALIDATION_FAILED']),
      [409, 'TASK_ALREADY_ASSIGNED'],
      [404, 'TASK_NOT_FOUND'],
      [200, undefined],
    ]);
    expect(body.results[5].error.details.fields[0].field).toBe('progress_percent');
    expect(await taskView()).toMatchObject({ status: 'in_progress', progress_percent: 1 });
  });

  it('C33 every kind of report has its edge, which checks it as its own route does', async () => {
    const { body } = await upload(BATCH_TYPES.map((type) => ({ id: type, type, body: {} })));
    const answers = body.results.map(({ id, http_status, error }: any) => [id, http_status, error?.code]);
    expect(answers).toEqual(BATCH_TYPES.map((type) => [type, 400, 'VALIDATION_FAILED']));
    for (const { error } of body.results) expect(error.details.fields[0].field).not.toMatch(/type|body/);
  });

  it('C14 an acknowledgement of an event may be queued', async () => {
    const events = async (): Promise<any[]> =>
      (await operator.get(`/api/v1/entities/${mall.entityId}/events?limit=100`)).body.events;
    const [event] = await waitFor(async () => {
      const found = (await events()).filter(({ data }) => data.task_id === taskId);
      return found.length > 0 && found;
    });
    const ack = { type: 'event_ack', body: { event_id: event.event_id, status: 'applied' } };
    expect((await upload([ack])).body).toMatchObject({ accepted: 1, failed: 0 });
    const [acked] = (await events()).filter(({ event_id }) => event_id === event.event_id);
    expect(acked.acks).toMatchObject([{ status: 'applied', orchestrator_id: mall.assignedId }]);
  });

  it('ORC-078 250 reports in 100 + 100 + 50, the second answer lost once: all are there, none twice', async () => {
    await upload([assignItem(taskId)]);
    const queue = Array.from({ length: 250 }, (_, n) => progressItem(taskId, n));
    const batches = [queue.slice(0, 100), queue.slice(100, 200), queue.slice(200)];
    await upload(batches[0]);
    await upload(batches[1]); // Its answer is lost: the client resumes at the last batch that it knows to be taken.
    for (const batch of batches.slice(1)) {
      expect((await upload(batch)).body).toMatchObject({ accepted: batch.length, failed: 0 });
    }
    const [{ count }] = (await stage.query(
      `SELECT "version" AS "count" FROM "orchestrators"."tasks" WHERE "taskId" = $1`,
      [taskId],
    )) as [{ count: number }];
    const repeats = 100; // Each came too late to change anything the second time, and is no second entry.
    expect(count).toBe(1 + 1 + 250 + repeats - 1);
    const kinds = await stage.query(
      `SELECT "kind", count(*) AS "count" FROM "orchestrators"."task_history" WHERE "taskId" = $1 GROUP BY "kind"`,
      [taskId],
    );
    expect(Object.fromEntries(kinds.map(({ kind, count: entries }) => [kind, entries]))).not.toHaveProperty('late');
    expect(await taskView()).toMatchObject({ progress_percent: 49, robot_id: 'robot-007' });
  }, 30_000);

  it.each([
    [413, 'PAYLOAD_TOO_LARGE', Array.from({ length: 101 }, () => ({}))],
    [400, 'VALIDATION_FAILED', 'items'],
    [400, 'VALIDATION_FAILED', undefined],
  ])('answers %i %s for what is no batch', async (status, code, items) => {
    expect(await upload(items)).toMatchObject({ status, body: { error: { code } } });
  });

  it('an empty one is taken; people and other malls cannot send any', async () => {
    expect((await upload([])).body).toEqual({ results: [], accepted: 0, failed: 0 });
    expect((await operator.post(PATH, { items: [] })).status).toBe(403);
    const foreign = { ...assignItem(taskId), body: { task_id: taskId, robot_id: 'r', entity_id: 'mall-other' } };
    expect(await upload([foreign])).toMatchObject({ status: 403, body: { error: { code: 'ENTITY_ACCESS_DENIED' } } });
  });
});
