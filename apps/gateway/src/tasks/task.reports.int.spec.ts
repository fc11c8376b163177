import { randomUUID } from 'node:crypto';
import { Api } from '../../../../test/support/api.js';
import { MallOrchestrator } from '../../../../test/support/mall.js';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { assignTask, completeTask, orderTask, reportStatus, statusOf } from '../../../../test/support/mall-tasks.js';
import { TokenIssuer } from '../auth/tokens/token.issuer.js';

let stage: MallStage;
let admin: Api;
let operator: Api;
let mobile: Api;
let mall: MallOrchestrator;
let other: MallOrchestrator;
let registry: unknown;

beforeAll(async () => {
  stage = await MallStage.open({ RATE_LIMIT_TASKS_PER_MINUTE: '100000' });
  [admin, operator] = await Promise.all([stage.as('admin'), stage.as('operator')]);
  mobile = await userWith('ada', ['mobile']);
  [mall, other] = await Promise.all([MallOrchestrator.ofNewMall(admin), MallOrchestrator.ofNewMall(admin)]);
}, 90_000);
afterAll(() => stage.close());

async function userWith(username: string, roles: string[]): Promise<Api> {
  await admin.post('/api/v1/users', { username, password: 'a-long-password', roles });
  return Api.login(stage.url, username, 'a-long-password');
}

/** The registry, which knows whether a robot is enabled. */
const robots = async (): Promise<unknown> => (registry ??= await stage.add('robots'));

const viewOf = async (taskId: string, who: { get(path: string): Promise<any> } = operator): Promise<any> =>
  (await who.get(`/api/tasks/${taskId}`)).body;

describe('reports', () => {
  it('ORC-052 ORC-053 an assignment is acknowledged with an absolute tracking URL', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    const { status, body } = await assignTask(mall, taskId, { entity_id: mall.entityId });
    expect({ status, body }).toEqual({
      status: 200,
      body: { acknowledged: true, task_id: taskId, tracking_url: `${stage.url}/tasks/${taskId}/track` },
    });
    expect((await assignTask(mall, taskId)).body).toEqual(body);
    expect((await mobile.get(new URL(body.tracking_url).pathname)).body).toMatchObject({
      status: 'assigned',
      robot_id: 'robot-007',
      path: { distance_meters: 150.5, floors: ['L1', 'L2'], waypoints: 12 },
    });
    const unknown = await assignTask(mall, 'task-delivery-001');
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'TASK_NOT_FOUND' } } });
  });

  it('ORC-054 another robot is refused and the task stays where it is', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId);
    const { status, body } = await assignTask(mall, taskId, { robot_id: 'robot-008' });
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: 'TASK_ALREADY_ASSIGNED',
      details: { task_id: taskId, robot_id: 'robot-007' },
    });
    expect(await viewOf(taskId)).toMatchObject({ robot_id: 'robot-007', status: 'assigned' });
  });

  it('ORC-054 of many robots assigned at once exactly one has the task', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    const robots = Array.from({ length: 8 }, (_, n) => `robot-${n}`);
    const answers = await Promise.all(robots.map((robot_id) => assignTask(mall, taskId, { robot_id })));
    const winners = robots.filter((_, n) => answers[n]?.status === 200);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
    expect(winners).toHaveLength(1);
    expect((await viewOf(taskId)).robot_id).toBe(winners[0]);
  });

  it('ORC-055 progress and place show in the task, and 101 % is refused', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId);
    const current_location = { x: 125.5, y: 80.2, z: 0, floor: 'L1' };
    const estimated_completion = '2026-12-01T10:39:00.000Z';
    const more = { progress_percent: 45, current_location, estimated_completion, entity_id: mall.entityId };
    const { status, body } = await reportStatus(mall, statusOf(taskId, 'in_progress', more));
    expect({ status, body }).toEqual({ status: 200, body: { acknowledged: true, task_id: taskId } });
    expect(await viewOf(taskId, mobile)).toMatchObject({
      status: 'in_progress',
      progress_percent: 45,
      current_location,
      estimated_completion,
    });
    const over = await reportStatus(mall, statusOf(taskId, 'in_progress', { progress_percent: 101 }));
    expect(over).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_FAILED' } } });
  });

  it('ORC-056 takes each status in order, no other word, and nothing after the end', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    for (const word of ['queued', 'assigned', 'in_progress', 'completed']) {
      expect((await reportStatus(mall, statusOf(taskId, word))).status).toBe(200);
      expect((await viewOf(taskId)).status).toBe(word);
    }
    const late = await reportStatus(mall, statusOf(taskId, 'in_progress', { progress_percent: 10 }));
    expect(late).toMatchObject({
      status: 200,
      body: { acknowledged: true, task_id: taskId, applied: false, status: 'completed' },
    });
    expect(await viewOf(taskId)).toMatchObject({ status: 'completed', progress_percent: 100 });
    expect((await reportStatus(mall, statusOf(taskId, 'lost'))).status).toBe(400);
  });

  it.each<[unknown]>([['The lift is out of order.'], [{ code: 'LIFT', message: 'The lift is out of order.' }]])(
    'ORC-056 C31 a failure needs its error: %j',
    async (error) => {
      const taskId = await orderTask(mobile, mall.entityId);
      expect((await reportStatus(mall, statusOf(taskId, 'failed'))).body.error.details.fields[0].field).toBe('error');
      expect((await reportStatus(mall, statusOf(taskId, 'failed', { error }))).status).toBe(200);
      expect(await viewOf(taskId)).toMatchObject({
        status: 'failed',
        error: { code: typeof error === 'string' ? null : 'LIFT', message: 'The lift is out of order.' },
      });
    },
  );

  it('ORC-057 a completion keeps its proof, and its repeat gets the same answer', async () => {
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId);
    const headers = { 'x-idempotency-key': crypto.randomUUID() };
    const body = { completed_at: new Date().toISOString() };
    const first = await completeTask(mall, taskId, body, headers);
    expect(first).toMatchObject({ status: 200, body: { acknowledged: true, task_id: taskId } });
    const again = await completeTask(mall, taskId, body, headers);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect((await completeTask(mall, taskId, body)).body).toEqual(first.body);
    expect(await viewOf(taskId, mobile)).toMatchObject({
      status: 'completed',
      duration_seconds: 195,
      actual_path: { distance_meters: 152.3, deviation_meters: 5.2 },
      delivery_proof: {
        photo_url: 'https://orchestrator.local/media/proof-001.jpg',
        signature: 'base64-encoded-signature',
      },
    });
  });

  it('C7 a list of statuses is one request, and each has its result', async () => {
    const [one, two] = await Promise.all([orderTask(mobile, mall.entityId), orderTask(mobile, mall.entityId)]);
    const foreign = await orderTask(mobile, other.entityId);
    const { status, body } = await reportStatus(mall, [
      statusOf(one, 'in_progress', { progress_percent: 5 }),
      { task_id: two },
      'nonsense',
      statusOf(foreign, 'completed'),
      statusOf(two, 'assigned'),
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      acknowledged: true,
      accepted: 2,
      failed: 3,
      results: [
        { index: 0, acknowledged: true, task_id: one },
        { index: 1, acknowledged: false, error: { code: 'VALIDATION_FAILED' } },
        { index: 2, acknowledged: false, error: { code: 'VALIDATION_FAILED' } },
        { index: 3, acknowledged: false, error: { code: 'TASK_NOT_FOUND' } },
        { index: 4, acknowledged: true, task_id: two },
      ],
    });
    const many = Array.from({ length: 101 }, () => statusOf(one, 'in_progress'));
    expect(await reportStatus(mall, many)).toMatchObject({
      status: 413,
      body: { error: { code: 'PAYLOAD_TOO_LARGE' } },
    });
    expect((await viewOf(foreign)).status).toBe('queued');
  });

  it('C42 a task of another mall is one that does not exist, and another entity_id is refused', async () => {
    const taskId = await orderTask(mobile, other.entityId);
    for (const answer of [
      await assignTask(mall, taskId),
      await completeTask(mall, taskId),
      await reportStatus(mall, statusOf(taskId, 'assigned')),
      await mall.get(`/api/tasks/${taskId}`),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'TASK_NOT_FOUND' } } });
    }
    expect(await assignTask(mall, taskId, { entity_id: other.entityId })).toMatchObject({
      status: 403,
      body: { error: { code: 'ENTITY_ACCESS_DENIED' } },
    });
  });

  it('a robot that is disabled is not heard until it is enabled again', async () => {
    await robots();
    const path = '/api/v1/robots/robot-off';
    const credentials = { transport: 'http', entity_id: mall.entityId };
    const { status, body } = await admin.post(`${path}/credentials`, credentials);
    expect(status).toBe(201);
    const robot = new Api(stage.url, body.token);
    const taskId = await orderTask(mobile, mall.entityId);
    await assignTask(mall, taskId, { robot_id: 'robot-off' });
    const report = statusOf(taskId, 'in_progress', { robot_id: 'robot-off' });
    expect((await operator.put(path, { isEnabled: false })).status).toBe(200);
    const refused = { status: 409, body: { error: { code: 'ROBOT_DISABLED' } } };
    expect(await reportStatus(robot, report)).toMatchObject(refused);
    expect(await robot.post('/api/orchestrators/tasks/status', [report])).toMatchObject(refused);
    expect(await completeTask(robot, taskId, { robot_id: undefined })).toMatchObject(refused);
    expect(await viewOf(taskId)).toMatchObject({ status: 'assigned' });
    expect((await operator.put(path, { isEnabled: true })).status).toBe(200);
    expect((await reportStatus(robot, report)).status).toBe(200);
  });

  it('a robot speaks of its own tasks alone', async () => {
    await robots();
    const issuer = stage.service('gateway').app.get(TokenIssuer, { strict: false });
    const scope = { role: 'robot', entityId: mall.entityId, aliases: [] } as const;
    const { token } = await issuer.issueToMachine({ id: 'robot-042', scope, sessionId: randomUUID(), lifeS: 600 });
    const robot = new Api(stage.url, token);
    const [own, foreign] = await Promise.all([orderTask(mobile, mall.entityId), orderTask(mobile, mall.entityId)]);
    await assignTask(mall, own, { robot_id: 'robot-042' });
    await assignTask(mall, foreign);
    const robot_id = 'robot-042';
    expect((await reportStatus(robot, statusOf(own, 'in_progress', { robot_id }))).status).toBe(200);
    expect((await reportStatus(robot, statusOf(foreign, 'in_progress', { robot_id }))).status).toBe(404);
    expect((await reportStatus(robot, statusOf(foreign, 'in_progress'))).status).toBe(403);
    expect((await assignTask(robot, own, { robot_id })).status).toBe(403);
    const listed = await robot.get('/api/tasks');
    expect(listed.body.map((task: any) => [task.task_id, task.payload])).toEqual([[own, { order_id: 'order-789' }]]);
    expect((await completeTask(robot, own, { robot_id: undefined })).status).toBe(200);
  });
});
