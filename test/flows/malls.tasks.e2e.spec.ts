import { randomUUID } from 'node:crypto';
import { Api } from '../support/api.js';
import { Received, SseClient } from '../support/event-stream.js';
import { MallOrchestrator } from '../support/mall.js';
import { MallStage } from '../support/mall-stage.js';
import { assignTask, completeTask, deliveryFor, orderTask, reportStatus, statusOf } from '../support/mall-tasks.js';
import { waitFor } from '../support/wait.js';

let stage: MallStage;
let customer: Api;
let operator: Api;
let mall: MallOrchestrator;
let other: MallOrchestrator;
const streams: SseClient[] = [];

beforeAll(async () => {
  stage = await MallStage.open();
  await Promise.all([stage.add('gateway'), stage.add('orchestrators')]);
  const admin = await stage.as('admin');
  operator = await stage.as('operator');
  await admin.post('/api/v1/users', { username: 'ada', password: 'a-long-password', roles: ['mobile'] });
  customer = await Api.login(stage.url, 'ada', 'a-long-password');
  [mall, other] = await Promise.all([MallOrchestrator.ofNewMall(admin), MallOrchestrator.ofNewMall(admin)]);
}, 120_000);
afterAll(async () => {
  for (const stream of streams) stream.close();
  await stage.close();
});

/** What an orchestrator hears from now on, through one of the gateways. */
async function listen(who: MallOrchestrator, gateway = 0): Promise<Received> {
  const stream = await SseClient.open(stage.urls[gateway]!, { token: who.token });
  streams.push(stream);
  await stream.received.next('connected');
  return stream.received;
}
const aboutTask = (heard: Received, taskId: string): any[] =>
  heard.durable.filter(({ data }) => data.task_id === taskId).map(({ event, data }) => ({ event, data }));

it('ORC-020 ORC-052 ORC-055 ORC-057 ORC-086 a delivery, from the order to the proof', async () => {
  const [heard, elsewhere] = await Promise.all([listen(mall, 1), listen(other)]);
  const order = deliveryFor(mall.entityId);
  const { body: task } = await customer.post('/api/tasks', order);
  const [event] = await waitFor(() => aboutTask(heard, task.task_id).length > 0 && aboutTask(heard, task.task_id));
  expect(event).toEqual({
    event: 'task_create',
    data: { task_id: task.task_id, ...order, created_at: task.created_at },
  });
  const assigned = await assignTask(mall, event.data.task_id, { entity_id: event.data.entity_id });
  const track = async (): Promise<any> => (await customer.get(new URL(assigned.body.tracking_url).pathname)).body;
  expect(await track()).toMatchObject({ status: 'assigned', robot_id: 'robot-007' });
  const current_location = { x: 125.5, y: 80.2, z: 0, floor: 'L1' };
  await reportStatus(mall, statusOf(task.task_id, 'in_progress', { progress_percent: 45, current_location }));
  expect(await track()).toMatchObject({ status: 'in_progress', progress_percent: 45, current_location });
  await completeTask(mall, task.task_id);
  expect(await track()).toMatchObject({ status: 'completed', delivery_proof: { photo_url: expect.any(String) } });
  await orderTask(operator, other.entityId);
  await waitFor(() => elsewhere.durable.length > 0);
  expect(aboutTask(elsewhere, task.task_id)).toEqual([]);
}, 30_000);

it('ORC-020 an order whose answer is lost while the service restarts is one task and one event', async () => {
  const heard = await listen(mall);
  const headers = { 'x-idempotency-key': randomUUID() };
  const order = deliveryFor(mall.entityId, { payload: { order_id: headers['x-idempotency-key'] } });
  const attempts = Array.from({ length: 6 }, () => customer.post('/api/tasks', order, { headers }));
  await stage.stop(stage.service('orchestrators', 0));
  await Promise.all(attempts);
  await stage.add('orchestrators');
  const answer = await waitFor(async () => {
    const again = await customer.post('/api/tasks', order, { headers });
    return again.status === 201 && again;
  });
  await waitFor(() => aboutTask(heard, answer.body.task_id).length > 0);
  const marker = await orderTask(customer, mall.entityId);
  await waitFor(() => aboutTask(heard, marker).length > 0);
  const { order_id } = order['payload'] as Record<string, string>;
  expect(heard.durable.filter(({ data }) => data.payload?.order_id === order_id)).toHaveLength(1);
}, 60_000);

it('ORC-078 250 queued reports, with a service that goes away in the middle: all are there, none twice', async () => {
  const taskIds = await Promise.all(Array.from({ length: 5 }, () => orderTask(customer, mall.entityId)));
  const start = Date.now() - 100_000;
  const queue = Array.from({ length: 250 }, (_, n) => ({
    id: `q-${n}`,
    type: 'task_status',
    body: statusOf(taskIds[n % 5]!, n >= 245 ? 'completed' : 'in_progress', {
      progress_percent: Math.floor(n / 2.5),
      timestamp: new Date(start + n).toISOString(),
    }),
  }));
  const upload = (items: unknown): Promise<any> => mall.post('/api/orchestrators/batch', { items });
  for (const [number, batch] of [queue.slice(0, 100), queue.slice(100, 200), queue.slice(200)].entries()) {
    const first = upload(batch);
    if (number === 1) await stage.stop(stage.service('orchestrators', 0));
    const failed = (await first).body.failed as number;
    if (failed > 0) expect((await upload(batch)).body.failed).toBe(0);
  }
  await stage.add('orchestrators');
  const rows = await stage.query(
    `SELECT "taskId", count(*) AS "entries" FROM "orchestrators"."task_history"
     WHERE "taskId" = ANY($1) AND "kind" IN ('started', 'progress', 'ended') GROUP BY "taskId"`,
    [taskIds],
  );
  expect(rows.map(({ entries }) => entries)).toEqual(Array(5).fill(50));
  const listed = await operator.get(`/api/tasks?entity_id=${mall.entityId}&status=completed&limit=5`);
  expect(listed.body.map(({ task_id }: any) => task_id)).toEqual(taskIds.toSorted().toReversed());
}, 60_000);

it('C30 a cancelled task reaches the mall once, and what it reports afterwards changes nothing', async () => {
  const heard = await listen(mall);
  const taskId = await orderTask(customer, mall.entityId);
  await assignTask(mall, taskId);
  const ends = await Promise.all([
    customer.post(`/api/tasks/${taskId}/cancel`, { reason: 'not hungry' }),
    completeTask(mall, taskId),
    operator.post(`/api/tasks/${taskId}/cancel`),
  ]);
  const { body } = await operator.get(`/api/tasks/${taskId}`);
  const cancels = ends.filter(({ body: answer }) => answer.history !== undefined);
  expect(cancels).toHaveLength(body.status === 'cancelled' ? 1 : 0);
  const marker = await orderTask(customer, mall.entityId);
  await waitFor(() => aboutTask(heard, marker).length > 0);
  const told = aboutTask(heard, taskId).filter(({ event }) => event === 'task_cancel');
  expect(told).toHaveLength(cancels.length);
  expect(body.history.filter(({ kind }: any) => kind === 'ended' || kind === 'cancelled')).toHaveLength(1);
}, 30_000);
