import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import type { DataSource } from 'typeorm';
import {
  type TaskAnalyticsDto,
  type TaskGrouping,
  type TaskReader,
  type TaskReport,
  TASKS_REQUESTS,
} from '#libs/contracts';
import { MallStage } from '../../../../test/support/mall-stage.js';
import { AnalyticsRepository } from './analytics.repository.js';
import { OpenTasksMetrics } from './open-tasks.metrics.js';
import { newTaskId } from './task.id.js';
import { toCriteria } from './task.list.js';
import { TaskRepository } from './task.repository.js';

const DAY = '2026-10-0';
const reader: TaskReader = { as: 'viewer', by: 'user:vera' };
let stage: MallStage;

beforeAll(async () => {
  stage = await MallStage.open();
}, 90_000);
afterAll(() => stage.close());

async function newMall(): Promise<string> {
  const entityId = `mall-${randomUUID().slice(0, 8)}`;
  await stage.query('INSERT INTO "orchestrators"."entities" ("entityId", "name") VALUES ($1, $1)', [entityId]);
  return entityId;
}

interface Made {
  readonly at: string;
  readonly status: string;
  readonly robotId?: string;
  /** As the mall measured it, or, when it did not, between start and end. */
  readonly durationS?: number;
  readonly tookS?: number;
}

/** A task as its reports left it. */
async function put(entityId: string, { at, status, robotId, durationS, tookS }: Made): Promise<void> {
  const createdAt = new Date(at);
  await stage.query(
    `INSERT INTO "orchestrators"."tasks"
       ("taskId", "entityId", "type", "priority", "status", "payload", "createdBy", "createdAt", "bodyHash", "toldAt",
        "updatedAt", "robotId", "durationS", "startedAt", "finishedAt")
     VALUES ($1, $2, 'delivery', 'normal', $3, '{}', 'user:ada', $4::timestamptz, '', $4, $4, $5, $6, $4::timestamptz,
       $4::timestamptz + make_interval(secs => $7))`,
    [newTaskId(createdAt), entityId, status, createdAt, robotId ?? null, durationS ?? null, tookS ?? 0],
  );
}

const analyse = (entityId: string, group_by: TaskGrouping, to = `${DAY}9T00:00:00Z`): Promise<TaskAnalyticsDto> =>
  stage.ask(TASKS_REQUESTS.analytics, { entity_id: entityId, from: `${DAY}1T00:00:00Z`, to, group_by });

describe('analytics', () => {
  it('ORC-128 counts by status, with success rate and durations by percentile', async () => {
    const entityId = await newMall();
    for (let n = 1; n <= 100; n += 1) {
      await put(entityId, {
        at: `${DAY}1T10:00:00Z`,
        status: 'completed',
        ...(n % 2 ? { durationS: n } : { tookS: n }),
      });
    }
    for (let n = 0; n < 25; n += 1) await put(entityId, { at: `${DAY}2T10:00:00Z`, status: 'failed', tookS: 9_999 });
    for (const status of ['queued', 'assigned', 'in_progress', 'cancelled', 'cancelled']) {
      await put(entityId, { at: `${DAY}2T10:00:00Z`, status });
    }
    await put(await newMall(), { at: `${DAY}2T10:00:00Z`, status: 'failed' });
    const { overall, groups } = await analyse(entityId, 'none');
    expect(groups).toEqual([]);
    expect(overall).toMatchObject({
      total: 130,
      counts: { queued: 1, assigned: 1, in_progress: 1, completed: 100, failed: 25, cancelled: 2 },
      success_rate: 0.8,
      completion_rate: 100 / 130,
      duration_seconds: { count: 100, mean: 50.5, p50: 50.5 },
    });
    const { p90, p95, p99 } = overall.duration_seconds;
    expect([p90, p95, p99].map((value) => value?.toFixed(2))).toEqual(['90.10', '95.05', '99.01']);
  });

  it('ORC-128 by robot the busiest first, by day in UTC, within the interval alone', async () => {
    const entityId = await newMall();
    const made: Made[] = [
      { at: `${DAY}1T00:00:00Z`, status: 'completed', robotId: 'robot-1', durationS: 10 },
      { at: `${DAY}1T23:59:59.999Z`, status: 'failed', robotId: 'robot-1' },
      { at: `${DAY}2T00:00:00Z`, status: 'completed', robotId: 'robot-2', durationS: 30 },
      { at: `${DAY}2T01:00:00Z`, status: 'queued' },
      { at: `${DAY}3T00:00:00Z`, status: 'completed', robotId: 'robot-2', durationS: 30 },
      { at: '2026-09-30T23:59:59.999Z', status: 'completed', robotId: 'robot-3', durationS: 1 },
    ];
    for (const one of made) await put(entityId, one);
    const byRobot = await analyse(entityId, 'robot', `${DAY}3T00:00:00Z`);
    expect(byRobot.groups.map(({ key, total, success_rate }) => [key, total, success_rate])).toEqual([
      ['robot-1', 2, 0.5],
      ['robot-2', 1, 1],
      [null, 1, null],
    ]);
    expect(byRobot).toMatchObject({ overall: { total: 4, duration_seconds: { mean: 20 } }, truncated: false });
    const byDay = await analyse(entityId, 'day');
    expect(byDay.groups.map(({ key, total }) => [key, total])).toEqual([
      [`${DAY}1`, 2],
      [`${DAY}2`, 2],
      [`${DAY}3`, 1],
    ]);
  });

  it('of an interval without tasks are zeros', async () => {
    const { overall } = await analyse(await newMall(), 'day');
    expect(overall).toMatchObject({ total: 0, success_rate: null, completion_rate: null });
    expect(overall.duration_seconds).toEqual({ count: 0, mean: null, p50: null, p90: null, p95: null, p99: null });
  });

  it('ORC-128 are for viewers over HTTP, of at most a year', async () => {
    const entityId = await newMall();
    await put(entityId, { at: new Date().toISOString(), status: 'completed', durationS: 3 });
    const viewer = await stage.as('viewer');
    const path = `/api/tasks/analytics?entity_id=${entityId}`;
    const { status, body } = await viewer.get(`${path}&group_by=day`);
    expect({ status, body }).toMatchObject({ status: 200, body: { overall: { total: 1 }, groups: [{ total: 1 }] } });
    for (const bad of ['&from=2020-01-01T00:00:00Z', '&group_by=moon', '&from=2026-01-02&to=2026-01-01', '&to=soon']) {
      expect((await viewer.get(path + bad)).status).toBe(400);
    }
  });
});

describe('ORC-109 metrics', () => {
  it('allow the completion rate', async () => {
    const entityId = await newMall();
    const counted = async (): Promise<number[]> => {
      const metric = await register.getSingleMetric('muster_tasks_total')!.get();
      return ['created', 'completed', 'failed'].map(
        (status) => metric.values.find(({ labels }) => labels['status'] === status)?.value ?? 0,
      );
    };
    const before = await counted();
    for (const end of ['completed', 'completed', 'failed'] as const) {
      const order = {
        entity_id: entityId,
        type: 'patrol',
        priority: 'normal',
        source: null,
        destination: null,
      } as const;
      const { task_id } = await stage.ask(TASKS_REQUESTS.create, {
        order: { ...order, payload: {}, deadline: null },
        by: 'user:ada',
      });
      const said = { robot_id: 'r', completed_at: null, duration_seconds: null, actual_path: null };
      const report = { kind: 'complete', task_id, status: end, ...said, delivery_proof: null, error: null } as const;
      const reporter = { by: 'orchestrator:o', entityId, robotIds: null };
      await stage.ask(TASKS_REQUESTS.report, { reporter, reports: [report, report] });
    }
    const [created = 0, completed = 0, failed = 0] = (await counted()).map((value, n) => value - (before[n] ?? 0));
    expect([created, completed, failed]).toEqual([3, 2, 1]);
    await stage.service('orchestrators').app.get(OpenTasksMetrics, { strict: false }).refresh();
    const open = await register.getSingleMetric('muster_tasks_open')!.get();
    expect(open.values.map(({ labels }) => labels['status'])).toEqual(['queued', 'assigned', 'in_progress']);
  });
});

describe('ORC-121 a thousand tasks at once', () => {
  it('are read and changed by their indexes among many of other malls', async () => {
    const entityId = await newMall();
    const elsewhere = await Promise.all(Array.from({ length: 20 }, newMall));
    await bulk(entityId, 1_000);
    for (const other of elsewhere) await bulk(other, 1_000);
    await stage.query('ANALYZE "orchestrators"."tasks", "orchestrators"."task_history"');
    const plans: string[] = [];
    const explaining = {
      query: async (sql: string, parameters: unknown[]) => {
        const rows = await stage.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, parameters);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return [];
      },
    } as unknown as DataSource;
    const tasks = new TaskRepository(explaining);
    const robot: TaskReader = { as: 'robot', by: 'robot:r', entityId, robotIds: ['robot-7'] };
    await tasks.find('task-1');
    await tasks.history('task-1', 10);
    await tasks.list(toCriteria({ reader, entity_id: entityId, limit: 50 }));
    await tasks.list(toCriteria({ reader, entity_id: entityId, status: 'completed', limit: 50 }));
    await tasks.list(toCriteria({ reader: robot, limit: 50 }));
    await tasks.list(toCriteria({ reader: { as: 'author', by: 'user:ada' }, limit: 50 }));
    const now = new Date();
    const day = { from: new Date(now.getTime() - 86_400_000).toISOString(), to: now.toISOString() };
    for (const group_by of ['none', 'robot', 'day'] as const) {
      await new AnalyticsRepository(explaining).analyse({ entity_id: entityId, ...day, group_by });
    }
    expect(plans).toHaveLength(9);
    for (const plan of plans) expect(plan).not.toContain('Seq Scan');
  });

  it('all get their reports, in lists of a hundred', async () => {
    const entityId = await newMall();
    await bulk(entityId, 1_000);
    const rows = await stage.query(
      `SELECT "taskId", "robotId" FROM "orchestrators"."tasks" WHERE "entityId" = $1 ORDER BY "taskId"`,
      [entityId],
    );
    const reporter = { by: 'orchestrator:o', entityId, robotIds: null };
    for (let start = 0; start < rows.length; start += 100) {
      const reports = rows.slice(start, start + 100).map(({ taskId, robotId }) => assignment(taskId, robotId));
      const outcomes = await stage.ask(TASKS_REQUESTS.report, { reporter, reports });
      expect(outcomes.filter((outcome) => 'error' in outcome)).toEqual([]);
    }
    const [left] = await stage.query(
      `SELECT count(*) AS "count" FROM "orchestrators"."tasks" WHERE "entityId" = $1 AND "status" = 'queued'`,
      [entityId],
    );
    expect(left).toEqual({ count: 0 });
  }, 60_000);

  const assignment = (task_id: string, robot_id: string): TaskReport => ({
    kind: 'assign',
    task_id,
    robot_id,
    assigned_at: null,
    estimated_duration_seconds: null,
    path: null,
  });

  async function bulk(entityId: string, count: number): Promise<void> {
    await stage.query(
      `INSERT INTO "orchestrators"."tasks"
         ("taskId", "entityId", "type", "priority", "status", "payload", "createdBy", "createdAt", "bodyHash", "toldAt",
          "updatedAt", "robotId")
       SELECT 'task-' || to_hex(1800000000000 + n) || '-' || $1, $1, 'delivery', 'normal',
         (ARRAY['queued', 'assigned', 'in_progress', 'completed'])[1 + n % 4], '{}', 'user:' || n % 100, now(), '', now(),
         now(), 'robot-' || n % 50
       FROM generate_series(1, $2::int) n`,
      [entityId, count],
    );
    await stage.query(
      `INSERT INTO "orchestrators"."task_history" ("taskId", "ordinal", "dedupeKey", "at", "kind", "by", "detail")
       SELECT "taskId", 1, 'created', now(), 'created', 'user:ada', '{}' FROM "orchestrators"."tasks"
       WHERE "entityId" = $1`,
      [entityId],
    );
  }
});
