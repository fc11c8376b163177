import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import {
  type TaskDto,
  type TaskOrder,
  type TaskReader,
  type TaskReport,
  type TaskReportOutcome,
  TASKS_REQUESTS,
} from '#libs/contracts';
import type { Outbox } from '#libs/outbox';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { toldAbout } from '../../../../test/support/mall-tasks.js';
import { waitFor } from '../../../../test/support/wait.js';
import { AcceptRepository } from './accept.repository.js';
import { LedgerRepository, MAX_REPORTS_KEPT } from './ledger.repository.js';
import { TaskAcceptor } from './task.acceptor.js';
import { TaskRepository } from './task.repository.js';
import { TaskService } from './task.service.js';
import { TaskSweeper } from './task.sweeper.js';
import { TasksSettings } from './tasks.settings.js';

const DAY_MS = 86_400_000;
const reader: TaskReader = { as: 'operator', by: 'user:ada' };
let stage: MallStage;
let entityId: string;

beforeAll(async () => {
  stage = await MallStage.open({ TASK_SWEEP_INTERVAL_MS: '50', TASK_PROGRESS_EVENT_MS: '60000' });
  await stage.add('orchestrators');
}, 90_000);
beforeEach(async () => {
  entityId = `mall-${randomUUID().slice(0, 8)}`;
  await stage.query('INSERT INTO "orchestrators"."entities" ("entityId", "name") VALUES ($1, $1)', [entityId]);
});
afterAll(() => stage.close());

const orderOf = (more: Partial<TaskOrder> = {}): TaskOrder => ({
  entity_id: entityId,
  type: 'delivery',
  priority: 'normal',
  source: null,
  destination: null,
  payload: {},
  deadline: null,
  ...more,
});
const create = (more: Partial<TaskOrder> = {}, idempotencyKey?: string): Promise<TaskDto> =>
  stage.ask(TASKS_REQUESTS.create, {
    order: orderOf(more),
    by: 'user:ada',
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
const reporter = () => ({ by: 'orchestrator:o', entityId, robotIds: null });
const report = (reports: readonly TaskReport[]): Promise<readonly TaskReportOutcome[]> =>
  stage.ask(TASKS_REQUESTS.report, { reporter: reporter(), reports });
const assign = (task_id: string, robot_id = 'robot-007'): TaskReport => ({
  kind: 'assign',
  task_id,
  robot_id,
  assigned_at: null,
  estimated_duration_seconds: 180,
  path: null,
});
const progress = (task_id: string, percent: number, atMs = Date.now()): TaskReport => ({
  kind: 'status',
  task_id,
  robot_id: 'robot-007',
  status: 'in_progress',
  progress_percent: percent,
  current_location: null,
  timestamp: new Date(atMs).toISOString(),
  estimated_completion: null,
  error: null,
});
const complete = (task_id: string, status: 'completed' | 'failed', more: object = {}): TaskReport => ({
  kind: 'complete',
  task_id,
  robot_id: 'robot-007',
  status,
  completed_at: null,
  duration_seconds: null,
  actual_path: null,
  delivery_proof: null,
  error: status === 'failed' ? { code: null, message: 'stuck' } : null,
  ...more,
});
const get = (task_id: string) => stage.ask(TASKS_REQUESTS.get, { reader, task_id });
const updatesOf = (taskId: string): unknown[] =>
  stage.eventsOf(entityId, 'task.updated').filter(({ body }) => body['task_id'] === taskId);

/** What a process does whose life ends when its transaction is committed. */
const dying = { kick: () => undefined } as unknown as Outbox;

describe('a process that dies', () => {
  it('ORC-020 after the commit, before the publish and the answer: one task_create, and the repeat finds the task', async () => {
    const key = randomUUID();
    const acceptor = new TaskAcceptor(new AcceptRepository(stage.dataSource, dying));
    const lost = await acceptor.accept({ order: orderOf(), by: 'user:ada', idempotencyKey: key });
    expect((await create({}, key)).task_id).toBe(lost.task_id);
    await waitFor(() => updatesOf(lost.task_id).length > 0);
    const told = await toldAbout(stage, entityId, lost.task_id);
    expect(told.map(({ event }) => event)).toEqual(['task_create']);
    await expect(create({ priority: 'low' }, key)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('ORC-057 between the effect of a report and its answer: the repeat changes nothing and is told nothing twice', async () => {
    const { task_id: taskId } = await create();
    const ledger = new LedgerRepository(stage.dataSource, dying, new TasksSettings({}));
    const service = new TaskService(ledger, new TaskRepository(stage.dataSource));
    const reports = [assign(taskId), progress(taskId, 45), complete(taskId, 'completed', { duration_seconds: 9 })];
    const lost = await service.report(reporter(), reports);
    const before = await get(taskId);
    const again = await report(reports);
    expect(again.map((outcome) => 'status' in outcome && outcome.status)).toEqual(Array(3).fill('completed'));
    expect(lost).toHaveLength(3);
    const { history, ...task } = await get(taskId);
    expect(task).toEqual({ ...before, history: undefined, updated_at: task.updated_at });
    expect(history.map(({ kind }) => kind)).toEqual(before.history.map(({ kind }) => kind));
    await waitFor(() => updatesOf(taskId).length === 2);
  });

  it('in the middle of its transaction: nothing happened', async () => {
    const broken = { ...orderOf(), entity_id: entityId, payload: {} };
    const failing = new AcceptRepository(
      {
        transaction: (work: (tx: unknown) => Promise<unknown>) =>
          stage.dataSource.transaction(async (tx) => {
            await work(tx);
            throw new Error('died');
          }),
      } as unknown as DataSource,
      dying,
    );
    await expect(new TaskAcceptor(failing).accept({ order: broken, by: 'user:ada' })).rejects.toThrow('died');
    expect(await stage.query('SELECT 1 FROM "orchestrators"."tasks" WHERE "entityId" = $1', [entityId])).toEqual([]);
  });
});

describe('many at once', () => {
  it('C35 the same key on two replicas makes one task', async () => {
    const key = randomUUID();
    const made = await Promise.all(Array.from({ length: 12 }, () => create({}, key)));
    expect(new Set(made.map(({ task_id }) => task_id)).size).toBe(1);
    await waitFor(async () => (await toldAbout(stage, entityId, made[0]!.task_id)).length > 0);
    expect(await toldAbout(stage, entityId, made[0]!.task_id)).toHaveLength(1);
  });

  it('ORC-054 of robots assigned on two replicas exactly one wins, and the others learn which', async () => {
    const { task_id: taskId } = await create();
    const robots = Array.from({ length: 20 }, (_, n) => `robot-${n}`);
    const outcomes = (await Promise.all(robots.map((robot) => report([assign(taskId, robot)])))).flat();
    const winners = robots.filter((_, n) => 'applied' in outcomes[n]!);
    expect(winners).toHaveLength(1);
    const details = { task_id: taskId, robot_id: winners[0] };
    const refused = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
    expect(refused).toHaveLength(19);
    for (const error of refused) expect(error).toMatchObject({ code: 'TASK_ALREADY_ASSIGNED', details });
    expect((await get(taskId)).robot_id).toBe(winners[0]);
  });

  it('lists that name the same tasks in another order do not wait for each other for ever', async () => {
    const tasks = await Promise.all(Array.from({ length: 10 }, () => create()));
    const ids = tasks.map(({ task_id }) => task_id);
    const rounds = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? ids : ids.toReversed()));
    await Promise.all(rounds.map((order, n) => report(order.map((id) => progress(id, n)))));
    for (const id of ids) expect((await get(id)).status).toBe('in_progress');
  });
});

describe('a task that grows old', () => {
  it('waits until its deadline and is called off once, with the reason; one that a robot has is not', async () => {
    const deadline = new Date(Date.now() + 700).toISOString();
    const [waiting, taken] = await Promise.all([create({ deadline }), create({ deadline })]);
    await report([assign(taken.task_id)]);
    expect((await get(waiting.task_id)).status).toBe('queued');
    await waitFor(async () => (await get(waiting.task_id)).status === 'cancelled');
    expect(await get(waiting.task_id)).toMatchObject({ reason: 'expired', completed_at: expect.any(String) });
    const cancels = await waitFor(async () => {
      const told = await toldAbout(stage, entityId, waiting.task_id);
      return told.length > 1 && told.slice(1);
    });
    expect(cancels).toEqual([{ event: 'task_cancel', data: expect.objectContaining({ reason: 'expired' }) }]);
    expect((await get(taken.task_id)).status).toBe('assigned');
  });

  it('keeps a bounded history, of many reports the newest, and tells people of progress now and then', async () => {
    const { task_id: taskId } = await create();
    await report([assign(taskId)]);
    const start = Date.now() - 10_000;
    for (let page = 0; page < 5; page += 1) {
      await report(Array.from({ length: 100 }, (_, n) => progress(taskId, page * 20 + n / 5, start + page * 100 + n)));
    }
    const rows = await stage.query('SELECT "kind" FROM "orchestrators"."task_history" WHERE "taskId" = $1', [taskId]);
    expect(rows.length).toBeLessThanOrEqual(MAX_REPORTS_KEPT + 3);
    const { history } = await get(taskId);
    expect(history.slice(0, 3).map(({ kind }) => kind)).toEqual(['created', 'assigned', 'started']);
    expect(history.at(-1)).toMatchObject({ kind: 'progress', detail: { progress_percent: 99.8 } });
    await waitFor(() => updatesOf(taskId).length > 2);
    expect(updatesOf(taskId)).toHaveLength(3);
  });

  it('is forgotten with its history after the retention, unless it is not over', async () => {
    const [over, open] = await Promise.all([create({}, randomUUID()), create()]);
    await report([complete(over.task_id, 'completed')]);
    const sweeper = stage.service('orchestrators').app.get(TaskSweeper, { strict: false });
    await sweeper.prune(new Date(Date.now() + 179 * DAY_MS));
    expect((await get(over.task_id)).status).toBe('completed');
    await sweeper.prune(new Date(Date.now() + 181 * DAY_MS));
    await expect(get(over.task_id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect((await get(open.task_id)).status).toBe('queued');
    const left = await stage.query('SELECT 1 FROM "orchestrators"."task_history" WHERE "taskId" = $1', [over.task_id]);
    expect(left).toEqual([]);
  });

  it('C35 a key means something new after a day', async () => {
    const key = randomUUID();
    const first = await create({}, key);
    await stage.query(
      `UPDATE "orchestrators"."tasks" SET "createdAt" = now() - interval '25 hours' WHERE "taskId" = $1`,
      [first.task_id],
    );
    const second = await create({ priority: 'low' }, key);
    expect(second.task_id).not.toBe(first.task_id);
    expect((await create({ priority: 'low' }, key)).task_id).toBe(second.task_id);
  });

  it('goes with its mall', async () => {
    const { task_id: taskId } = await create();
    await stage.query('DELETE FROM "orchestrators"."entities" WHERE "entityId" = $1', [entityId]);
    await expect(get(taskId)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(create()).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' });
  });
});
